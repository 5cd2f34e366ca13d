"""What people do: they say, tap, join, leave, promote, block and delete."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.demo import sight, wire
from bot.demo.markup import build
from bot.demo.records import LEFT, Callback, Chat, Json, Member, Message, Service, User
from bot.demo.wire import CHANNEL_RIGHTS, GROUP_RIGHTS, RIGHTS
from bot.demo.world import World

# Rights that an administrator gets only when somebody names them.
WITHHELD = {"is_anonymous", "can_promote_members", "can_be_edited"}


class SimError(Exception):
    """The person's side asked for something that cannot be; `status` is the HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def chat_named(world: World, chat_id: int) -> Chat:
    """The chat with that id."""
    if chat_id not in world.chats:
        raise SimError(404, f"There is no chat {chat_id}.")
    return world.chats[chat_id]


def user_named(world: World, user_id: int) -> User:
    """The person with that id."""
    if user_id not in world.users:
        raise SimError(404, f"There is no user {user_id}.")
    return world.users[user_id]


def message_named(world: World, chat_id: int, message_id: int) -> Message:
    """The message with that id."""
    message = chat_named(world, chat_id).messages.get(message_id)
    if message is None:
        raise SimError(404, f"There is no message {message_id} in chat {chat_id}.")
    return message


def say(
    world: World,
    *,
    chat_id: int,
    user_id: int,
    text: str = "",
    reply_to: int | None = None,
    thread_id: int | None = None,
    photo: bytes | None = None,
) -> tuple[Message, int | None]:
    """A person writes; the update id is None when the bot does not get to see it."""
    chat, user = chat_named(world, chat_id), user_named(world, user_id)
    _require_voice(chat, user)
    if not text.strip() and photo is None:
        raise SimError(400, "A message needs text or a photo.")
    if thread_id is not None and thread_id not in chat.topics:
        raise SimError(404, f"There is no topic {thread_id} in chat {chat_id}.")
    words = build(text)
    fields: Json = {
        "chat_id": chat.id,
        "author_id": user.id,
        "sender": None if chat.type == "channel" else user,
        "thread_id": thread_id,
        "reply_to": message_named(world, chat_id, reply_to).message_id if reply_to else None,
        "text": words.text,
        "entities": words.entities,
        "photo": world.files.add_photo(photo) if photo is not None else None,
    }
    message = world.post(
        chat, lambda number, date: Message(message_id=number, date=date, **fields)
    )
    return message, _tell_bot(world, chat, message)


def rewrite(world: World, *, chat_id: int, message_id: int, text: str) -> int | None:
    """A person edits a message of theirs."""
    message = message_named(world, chat_id, message_id)
    if message.author_id == world.bot.id or message.service:
        raise SimError(403, "People can edit their own messages only.")
    words = build(text)
    changed = world.change(
        message, text=words.text, entities=words.entities, edit_date=world.clock.seconds()
    )
    return _tell_bot(world, world.chats[chat_id], changed, edited=True)


def _require_voice(chat: Chat, user: User) -> None:
    member = chat.member(user.id)
    if chat.migrated_to:
        raise SimError(409, f"This group is now the supergroup {chat.migrated_to}.")
    if not member.present or (chat.type == "channel" and not member.leads):
        raise SimError(403, f"{user.first_name} can't write in this chat.")


def _tell_bot(world: World, chat: Chat, message: Message, *, edited: bool = False) -> int | None:
    if not bot_sees(world, chat, message):
        return None
    kind = "channel_post" if chat.type == "channel" else "message"
    return world.updates.add(f"edited_{kind}" if edited else kind, wire.message(world, message))


def bot_sees(world: World, chat: Chat, message: Message) -> bool:
    """Privacy mode: in groups only commands, mentions and replies, unless it leads there."""
    me = chat.member(world.bot.id)
    if chat.type == "private":
        return True
    if not me.present or chat.type == "channel" or me.leads:
        return me.leads
    replied = chat.messages.get(message.reply_to or 0)
    if replied is not None and replied.author_id == world.bot.id:
        return True
    name = re.escape(world.bot.username or "")
    addressed = rf"(?i)(?:^/\w+(?:@{name})?(?!\S))|@{name}\b"
    return message.service is not None or re.search(addressed, message.text) is not None


def tap(
    world: World, *, chat_id: int, message_id: int, user_id: int, data: str
) -> tuple[Callback, int | None]:
    """A person taps a button."""
    user = user_named(world, user_id)
    message = message_named(world, chat_id, message_id)
    buttons = [button for row in message.inline_keyboard for button in row]
    button = next((one for one in buttons if one.get("callback_data") == data), None)
    if button is None:
        raise SimError(409, "That message has no such button any more.")
    callback = Callback(
        id=str(4_200_000_000_000_000 + world.number("callback")),
        user=user,
        chat_id=chat_id,
        message_id=message_id,
        data=data,
        at=world.clock.now(),
    )
    world.callbacks[callback.id] = callback
    world.publish(
        "tap",
        {
            "callback_query_id": callback.id,
            "user_id": user.id,
            "chat_id": chat_id,
            "message_id": message_id,
            "text": button["text"],
        },
    )
    return callback, world.updates.add("callback_query", _query(world, callback, message))


def _query(world: World, callback: Callback, message: Message) -> Json:
    return {
        "id": callback.id,
        "from": wire.user(callback.user),
        "message": wire.message(world, message),
        "chat_instance": str(8_000_000_000_000 + abs(callback.chat_id)),
        "data": callback.data,
    }


def promote(world: World, chat_id: int, *, by: int | None, rights: dict[str, bool]) -> None:
    """The bot becomes an administrator with these rights, and the usual ones."""
    chat = chat_named(world, chat_id)
    if chat.type == "private":
        raise SimError(400, "A private chat has no administrators.")
    named = CHANNEL_RIGHTS if chat.type == "channel" else GROUP_RIGHTS
    usual = {right: right not in WITHHELD for right in (*RIGHTS, *named)}
    member = Member(status="administrator", rights={**usual, **rights})
    world.set_member(chat, world.bot.id, member, by=by or chat.creator_id() or world.person.id)


def demote(world: World, chat_id: int, *, by: int | None, kick: bool) -> None:
    """The bot loses its rights, or its place; in a channel a demoted bot is out."""
    chat = chat_named(world, chat_id)
    status = "kicked" if kick else "left" if chat.type == "channel" else "member"
    by = by or chat.creator_id() or world.person.id
    world.set_member(chat, world.bot.id, Member(status=status), by=by)


def join(world: World, chat_id: int, user_id: int) -> None:
    """Somebody comes into a chat; the bot may be that somebody."""
    chat, user = chat_named(world, chat_id), user_named(world, user_id)
    if chat.member(user_id).present:
        return
    by = (chat.creator_id() or user_id) if user.is_bot else user_id
    world.set_member(chat, user_id, Member(status="member"), by=by)
    shape = {"new_chat_members": [wire.user(user)]}
    service = Service(sentence=f"{user.first_name} joined", payload=shape)
    announce(world, chat, service, by=by)


def leave(world: World, chat_id: int, user_id: int) -> None:
    """Somebody goes."""
    chat, user = chat_named(world, chat_id), user_named(world, user_id)
    if not chat.member(user_id).present:
        raise SimError(409, f"{user.first_name} is not in this chat.")
    world.set_member(chat, user_id, LEFT, by=user_id)
    shape = {"left_chat_member": wire.user(user)}
    announce(world, chat, Service(sentence=f"{user.first_name} left", payload=shape), by=user_id)


def announce(world: World, chat: Chat, service: Service, *, by: int) -> None:
    """A service message, which bots in groups always see; channels have none of these."""
    if chat.type in {"channel", "private"}:
        return
    fields: dict[str, Any] = {
        "chat_id": chat.id, "author_id": by, "sender": world.users[by], "service": service,
    }  # fmt: skip
    message = world.post(
        chat, lambda number, date: Message(message_id=number, date=date, **fields)
    )
    _tell_bot(world, chat, message)


def block(world: World, user_id: int, *, blocked: bool) -> None:
    """A person blocks the bot, or lets it write again."""
    chat = chat_named(world, user_named(world, user_id).id)
    before, after = ("member", "kicked") if blocked else ("kicked", "member")
    if chat.member(user_id).status == after:
        return
    chat.members[user_id] = Member(status=after)
    shapes = [
        wire.member(world, world.bot.id, Member(status=status), chat) for status in (before, after)
    ]
    world.updates.add(
        "my_chat_member",
        {
            "chat": wire.chat(world, chat),
            "from": wire.user(world.users[user_id]),
            "date": world.clock.seconds(),
            "old_chat_member": shapes[0],
            "new_chat_member": shapes[1],
        },
    )
    world.publish_chat(chat)


def migrate(world: World, chat_id: int) -> Chat:
    """A group becomes a supergroup with another id."""
    old = chat_named(world, chat_id)
    if old.type != "group" or old.migrated_to:
        raise SimError(409, "Only a group that has not become a supergroup yet can migrate.")
    creator = old.creator_id() or world.person.id
    new = world.add_chat("supergroup", old.title or "", creator_id=creator)
    new.members = dict(old.members)
    goes = Service(
        sentence="This group became a supergroup", payload={"migrate_to_chat_id": new.id}
    )
    came = Service(
        sentence=f"{old.title} came from a group", payload={"migrate_from_chat_id": old.id}
    )
    announce(world, old, goes, by=creator)
    announce(world, new, came, by=creator)
    old.migrated_to = new.id
    world.publish_chat(new)
    return new


def seen_user(world: World, user: User) -> Json:
    """A person and their private chat, as the contract writes them."""
    return {"user": sight.user(user), "chat": sight.chat(world.chats[user.id])}


def set_language(world: World, user_id: int, language_code: str) -> None:
    """A person's application changes its language."""
    user = user_named(world, user_id)
    world.users[user_id] = replace(user, language_code=language_code)
