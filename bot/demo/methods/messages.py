"""Text messages, chat actions, reactions, deletions."""

from __future__ import annotations

from typing import Any

from bot.demo import wire
from bot.demo.keyboards import reply_markup
from bot.demo.markup import formatted
from bot.demo.parameters import Call
from bot.demo.records import Chat, Json, Message
from bot.demo.refusals import bad_request
from bot.demo.targets import chat_of, joined, message_to, replied, thread_of, writable
from bot.demo.world import World

TEXT_LIMIT = 4096
DELETE_LIMIT = 100
ACTION_SECONDS = 5
ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note",
    "upload_video_note",
}  # fmt: skip


def send(world: World, chat: Chat, call: Call, **fields: Any) -> Message:
    """Puts a message of the bot into a chat, with what every send method shares."""
    shared: Json = {
        "author_id": world.bot.id,
        "sender": None if chat.type == "channel" else world.bot,
        "thread_id": thread_of(world, call, chat),
        "reply_to": replied(call, chat),
    }
    return world.post(chat, **shared, **fields)


def send_message(world: World, call: Call) -> Json:
    """A text message."""
    chat = writable(world, call)
    words = formatted(call, "text", "entities")
    if not words.text:
        raise bad_request("message text is empty")
    if words.size > TEXT_LIMIT:
        raise bad_request("message is too long")
    markup = reply_markup(call, chat)
    sent = send(world, chat, call, text=words.text, entities=words.entities, markup=markup)
    return wire.message(world, sent)


def send_chat_action(world: World, call: Call) -> bool:
    """Shows for five seconds that the bot is busy."""
    chat = writable(world, call)
    action = call.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    thread_of(world, call, chat)
    until = world.clock.seconds() + ACTION_SECONDS
    world.publish("action", {"chat_id": chat.id, "action": action, "until": until})
    return True


def send_message_draft(world: World, call: Call) -> bool:
    """A preview of a text that is being written; private chats only."""
    chat = writable(world, call)
    if chat.type != "private":
        raise bad_request("message drafts can be sent to private chats only")
    if not call.number("draft_id"):
        raise bad_request("DRAFT_ID_INVALID")
    if formatted(call, "text", "entities").size > TEXT_LIMIT:
        raise bad_request("message is too long")
    until = world.clock.seconds() + ACTION_SECONDS
    world.publish("action", {"chat_id": chat.id, "action": "typing", "until": until})
    return True


def delete_message(world: World, call: Call) -> bool:
    """Takes one message away."""
    message = message_to(world, call, "delete")
    _require_deletable(world, message)
    world.remove(message)
    return True


def delete_messages(world: World, call: Call) -> bool:
    """Takes up to 100 messages away; those already gone are skipped."""
    chat = joined(world, chat_of(world, call))
    wanted = call.numbers("message_ids")
    if not 1 <= len(wanted) <= DELETE_LIMIT:
        raise bad_request("message identifiers are not specified")
    found = [chat.messages[message_id] for message_id in wanted if message_id in chat.messages]
    for message in found:
        _require_deletable(world, message)
    for message in found:
        world.remove(message)
    return True


def _require_deletable(world: World, message: Message) -> None:
    chat = world.chats[message.chat_id]
    own = message.author_id == world.bot.id
    may = chat.type == "private" or chat.member(world.bot.id).may("can_delete_messages")
    too_old = world.clock.now() - message.date > 48 * 3600 and chat.type != "channel"
    if not (own or may) or too_old:
        raise bad_request("message can't be deleted")


def set_message_reaction(world: World, call: Call) -> bool:
    """One emoji on a message, or none."""
    message = message_to(world, call, "react")
    marks = [str(mark.get("emoji", "")) for mark in call.objects("reaction")]
    if len(marks) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(not mark for mark in marks):
        raise bad_request("REACTION_INVALID")
    world.change(message, reactions=tuple(marks))
    return True


METHODS = {
    "sendMessage": send_message,
    "sendChatAction": send_chat_action,
    "sendMessageDraft": send_message_draft,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "setMessageReaction": set_message_reaction,
}
