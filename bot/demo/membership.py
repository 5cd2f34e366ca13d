"""Who is in a chat and as what: joining, leaving, promotion, blocking, migration, topics."""

from __future__ import annotations

from collections.abc import Mapping

from bot.demo import wire
from bot.demo.methods.topics import drop, open_new
from bot.demo.people import SimError, chat_named, tell_bot, user_named
from bot.demo.records import LEFT, Chat, Member, Service
from bot.demo.wire import CHANNEL_RIGHTS, GROUP_RIGHTS, RIGHTS
from bot.demo.world import World

# Rights that an administrator gets only when somebody names them.
WITHHELD = {"is_anonymous", "can_promote_members", "can_be_edited"}


def promote(
    world: World, chat_id: int, *, by: int | None = None, rights: Mapping[str, bool] | None = None
) -> Chat:
    """The bot becomes an administrator with these rights, and the usual ones."""
    chat = chat_named(world, chat_id)
    if chat.type == "private":
        raise SimError(400, "A private chat has no administrators.")
    named = CHANNEL_RIGHTS if chat.type == "channel" else GROUP_RIGHTS
    usual = {right: right not in WITHHELD for right in (*RIGHTS, *named)}
    member = Member(status="administrator", rights={**usual, **(rights or {})})
    world.set_member(chat, world.bot.id, member, by=_somebody(world, chat, by))
    return chat


def demote(world: World, chat_id: int, *, by: int | None = None, kick: bool = False) -> Chat:
    """The bot loses its rights, or with `kick` its place."""
    chat = chat_named(world, chat_id)
    if not chat.member(world.bot.id).present:
        raise SimError(409, "The bot is not in this chat.")
    member = Member(status="kicked" if kick else "member")
    world.set_member(chat, world.bot.id, member, by=_somebody(world, chat, by))
    return chat


def join(world: World, chat_id: int, user_id: int) -> Chat:
    """Somebody comes into a chat; the bot may be that somebody."""
    chat, user = chat_named(world, chat_id), user_named(world, user_id)
    if chat.member(user_id).present:
        return chat
    by = _somebody(world, chat, None if user.is_bot else user_id)
    world.set_member(chat, user_id, Member(status="member"), by=by)
    shape = {"new_chat_members": [wire.user(user)]}
    announce(world, chat, Service(sentence=f"{user.first_name} joined", payload=shape), by=by)
    return chat


def leave(world: World, chat_id: int, user_id: int) -> Chat:
    """Somebody goes."""
    chat, user = chat_named(world, chat_id), user_named(world, user_id)
    if not chat.member(user_id).present:
        raise SimError(409, f"{user.first_name} is not in this chat.")
    world.set_member(chat, user_id, LEFT, by=user_id)
    shape = {"left_chat_member": wire.user(user)}
    announce(world, chat, Service(sentence=f"{user.first_name} left", payload=shape), by=user_id)
    return chat


def announce(world: World, chat: Chat, service: Service, *, by: int) -> None:
    """A service message, which bots in groups always see; channels have none of these."""
    if chat.type in {"group", "supergroup"}:
        message = world.post(chat, author_id=by, sender=world.users[by], service=service)
        tell_bot(world, chat, message)


def block(world: World, user_id: int, *, blocked: bool) -> None:
    """A person blocks the bot, or lets it write again."""
    user = user_named(world, user_id)
    chat = chat_named(world, user.id)
    before, after = chat.member(user_id), Member(status="kicked" if blocked else "member")
    if before == after:
        return
    chat.members[user_id] = after
    # The update speaks of the bot's own membership, though it is the person who turned away.
    world.tell_member(chat, world.bot.id, before, after, by=user_id)
    world.publish_chat(chat)


def migrate(world: World, chat_id: int) -> Chat:
    """A group becomes a supergroup with another id."""
    old = chat_named(world, chat_id)
    if old.type != "group" or old.migrated_to:
        raise SimError(409, "Only a group that has not become a supergroup yet can migrate.")
    creator = _somebody(world, old, None)
    new = world.add_chat("supergroup", old.title or "", creator_id=creator)
    new.members = dict(old.members)
    goes = {"migrate_to_chat_id": new.id}
    came = {"migrate_from_chat_id": old.id}
    announce(
        world, old, Service(sentence="This group is now a supergroup", payload=goes), by=creator
    )
    announce(world, new, Service(sentence="This supergroup was a group", payload=came), by=creator)
    old.migrated_to = new.id
    world.publish_chat(new)
    return new


def add_topic(world: World, chat_id: int, name: str) -> int:
    """A person opens a topic of a forum; its thread id."""
    chat = chat_named(world, chat_id)
    if not chat.is_forum:
        raise SimError(409, "This chat has no topics.")
    return open_new(world, chat, name, by=_somebody(world, chat, None)).thread_id


def delete_topic(world: World, chat_id: int, thread_id: int) -> None:
    """A person deletes a topic with its messages."""
    chat = chat_named(world, chat_id)
    if thread_id not in chat.topics:
        raise SimError(404, f"There is no topic {thread_id}.")
    drop(world, chat, thread_id)


def _somebody(world: World, chat: Chat, user_id: int | None) -> int:
    return user_named(world, user_id or chat.creator_id() or world.person.id).id
