"""Copies and forwards of messages."""

from __future__ import annotations

from bot.demo import wire
from bot.demo.keyboards import reply_markup
from bot.demo.methods.media import caption_of
from bot.demo.methods.messages import send
from bot.demo.parameters import Call
from bot.demo.records import Json, Message
from bot.demo.refusals import bad_request
from bot.demo.targets import chat_of, joined, writable
from bot.demo.world import World


def copy_message(world: World, call: Call) -> Json:
    """The same content as a message of the bot's own; a keyboard only if given."""
    source = _source(world, call, "copy")
    chat = writable(world, call, "photos" if source.photo else "text messages")
    fields = _content(source)
    if "caption" in call.values and source.has_media:
        words = caption_of(call)
        fields |= {"text": words.text, "entities": words.entities}
    sent = send(world, chat, call, **fields, markup=reply_markup(call, chat))
    return {"message_id": sent.message_id}


def forward_message(world: World, call: Call) -> Json:
    """The message with its origin named."""
    source = _source(world, call, "forward")
    chat = writable(world, call, "photos" if source.photo else "text messages")
    sent = send(world, chat, call, **_content(source), forward_origin=_origin(world, source))
    return wire.message(world, sent)


def _source(world: World, call: Call, verb: str) -> Message:
    chat = joined(world, chat_of(world, call, "from_chat_id"))
    message = chat.messages.get(call.number("message_id") or 0)
    if message is None:
        raise bad_request(f"message to {verb} not found")
    if message.service:
        raise bad_request(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    return message


def _content(source: Message) -> Json:
    return {
        "text": source.text,
        "entities": source.entities,
        "photo": source.photo,
        "document": source.document,
        "caption_above": source.caption_above,
        "spoiler": source.spoiler,
    }


def _origin(world: World, source: Message) -> Json:
    if source.forward_origin:
        return source.forward_origin
    if source.sender:
        return {"type": "user", "date": source.date, "sender_user": wire.user(source.sender)}
    return {
        "type": "channel",
        "date": source.date,
        "chat": wire.chat(world, world.chats[source.chat_id]),
        "message_id": source.message_id,
    }


METHODS = {"copyMessage": copy_message, "forwardMessage": forward_message}
