"""What people do in a chat: they write, edit, tap and delete."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.demo import wire
from bot.demo.markup import build
from bot.demo.records import Callback, Chat, Json, Message, User
from bot.demo.world import World


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


def set_language(world: World, user_id: int, language_code: str) -> None:
    """A person's application changes its language."""
    user = user_named(world, user_id)
    world.users[user_id] = replace(user, language_code=language_code)


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
    if thread_id is not None and thread_id not in chat.topics:
        raise SimError(404, f"There is no topic {thread_id} in chat {chat_id}.")
    words = build(text)
    if not words.text and photo is None:
        raise SimError(400, "A message needs text or a photo.")
    message = world.post(
        chat,
        author_id=user.id,
        sender=None if chat.type == "channel" else user,
        thread_id=thread_id,
        reply_to=message_named(world, chat_id, reply_to).message_id if reply_to else None,
        text=words.text,
        entities=words.entities,
        photo=None if photo is None else world.files.add_photo(photo),
    )
    return message, tell_bot(world, chat, message)


def rewrite(
    world: World, *, chat_id: int, message_id: int, text: str
) -> tuple[Message, int | None]:
    """A person edits a message of theirs."""
    message = message_named(world, chat_id, message_id)
    if message.author_id == world.bot.id or message.service:
        raise SimError(403, "People can edit their own messages only.")
    words = build(text)
    changed = world.change(
        message, text=words.text, entities=words.entities, edit_date=world.clock.seconds()
    )
    return changed, tell_bot(world, world.chats[chat_id], changed, edited=True)


def _require_voice(chat: Chat, user: User) -> None:
    member = chat.member(user.id)
    if chat.migrated_to:
        raise SimError(409, f"This group is now the supergroup {chat.migrated_to}.")
    outside = not member.present and chat.id != user.id
    if outside or (chat.type == "channel" and not member.leads):
        raise SimError(403, f"{user.first_name} can't write in this chat.")


def tell_bot(world: World, chat: Chat, message: Message, *, edited: bool = False) -> int | None:
    """Queues the update of a message, if the bot may see it."""
    if not bot_sees(world, chat, message):
        return None
    kind = "channel_post" if chat.type == "channel" else "message"
    return world.updates.add(f"edited_{kind}" if edited else kind, wire.message(world, message))


def bot_sees(world: World, chat: Chat, message: Message) -> bool:
    """Privacy mode: in groups only commands, mentions and replies, unless it leads there."""
    me = chat.member(world.bot.id)
    if chat.type == "private":
        return chat.member(chat.id).status != "kicked"
    if chat.type == "channel" or me.leads or not me.present:
        return me.leads
    replied = chat.messages.get(message.reply_to or 0)
    if replied is not None and replied.author_id == world.bot.id:
        return True
    name = re.escape(world.bot.username or "")
    addressed = rf"(?i)^/\w+(?:@{name})?(?!\S)|@{name}\b"
    return message.service is not None or re.search(addressed, message.text) is not None


def tap(
    world: World, *, chat_id: int, message_id: int, user_id: int, data: str
) -> tuple[Callback, int | None]:
    """A person taps the button with that data."""
    user = user_named(world, user_id)
    message = message_named(world, chat_id, message_id)
    if not world.chats[chat_id].member(user_id).present and chat_id != user_id:
        raise SimError(403, f"{user.first_name} can't see this chat.")
    text = _button_text(message, data)
    callback = Callback(
        id=str(4_200_000_000_000_000 + world.number("callback")),
        user=user,
        chat_id=chat_id,
        message_id=message_id,
        data=data,
        at=world.clock.now(),
    )
    world.callbacks[callback.id] = callback
    world.publish("tap", {**callback.place(), "text": text})
    return callback, world.updates.add("callback_query", _query(world, callback, message))


def _button_text(message: Message, data: str) -> str:
    for row in message.inline_keyboard:
        for button in row:
            if button.get("callback_data") == data:
                return str(button["text"])
    raise SimError(409, "That message has no such button any more.")


def _query(world: World, callback: Callback, message: Message) -> Json:
    return {
        "id": callback.id,
        "from": wire.user(callback.user),
        "message": wire.message(world, message),
        "chat_instance": str(8_000_000_000_000 + abs(callback.chat_id)),
        "data": callback.data,
    }
