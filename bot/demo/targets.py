"""Which chat or message a call means, and whether the bot may do that there."""

from __future__ import annotations

import re

from bot.demo.parameters import Call, whole
from bot.demo.records import Chat, Message, Topic
from bot.demo.refusals import bad_request, forbidden, migrated
from bot.demo.world import World

GENERAL_TOPIC = 1
CHAT_ID = re.compile(r"-?[0-9]{1,18}")


def chat_of(world: World, call: Call, name: str = "chat_id") -> Chat:
    """The chat with that id or @name."""
    wanted = call.text(name).strip()
    if not wanted:
        raise bad_request(f"{name} is empty")
    chat = _by_name(world, wanted[1:]) if wanted.startswith("@") else _by_id(world, wanted)
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to:
        raise migrated(chat.migrated_to)
    return chat


def _by_id(world: World, wanted: str) -> Chat | None:
    return world.chats.get(int(wanted)) if CHAT_ID.fullmatch(wanted) else None


def _by_name(world: World, name: str) -> Chat | None:
    public = (chat for chat in world.chats.values() if chat.type != "private" and chat.username)
    return next((chat for chat in public if (chat.username or "").lower() == name.lower()), None)


def joined(world: World, chat: Chat) -> Chat:
    """The chat, if the bot is in it."""
    status = chat.member(world.bot.id).status
    if chat.type == "private":
        if chat.member(chat.id).status == "kicked":
            raise forbidden("bot was blocked by the user")
    elif status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    elif status == "left":
        raise forbidden(f"bot is not a member of the {chat.type} chat")
    return chat


def writable(world: World, call: Call, what: str = "text messages") -> Chat:
    """The chat of a call that wants to send `what` there."""
    chat = joined(world, chat_of(world, call))
    if chat.type == "channel":
        me = chat.member(world.bot.id)
        if not me.leads:
            raise bad_request("need administrator rights in the channel chat")
        if not me.may("can_post_messages"):
            raise bad_request(f"not enough rights to send {what} to the chat")
    return chat


def thread_of(world: World, call: Call, chat: Chat) -> int | None:
    """The topic of a call; General has no id that could be named."""
    wanted = call.number("message_thread_id")
    if not wanted:
        return None
    topic = open_topic(chat, wanted)
    if topic.closed and not chat.member(world.bot.id).may("can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")
    return wanted


def open_topic(chat: Chat, thread_id: int) -> Topic:
    """The topic with that id."""
    if thread_id == GENERAL_TOPIC or thread_id not in chat.topics:
        raise bad_request("message thread not found")
    return chat.topics[thread_id]


def replied(call: Call, chat: Chat) -> int | None:
    """The message that a new one answers, if it is still there."""
    asked = call.object("reply_parameters")
    wanted = asked.get("message_id") or call.number("reply_to_message_id")
    if not wanted:
        return None
    if (message_id := whole(wanted, "message_id")) in chat.messages:
        return message_id
    if asked.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def message_to(world: World, call: Call, verb: str) -> Message:
    """The message that a call wants to `verb`."""
    chat = joined(world, chat_of(world, call))
    if (message_id := call.number("message_id")) is None:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(f"message to {verb} not found")
    return message


def editable(world: World, call: Call) -> Message:
    """The message of a call that wants to change it."""
    message = message_to(world, call, "edit")
    chat = world.chats[message.chat_id]
    own = message.author_id == world.bot.id
    in_channel = chat.type == "channel" and chat.member(world.bot.id).may("can_edit_messages")
    if message.service or not (own or in_channel):
        raise bad_request("message can't be edited")
    return message
