"""Changes of messages: text, caption, media, keyboard."""

from __future__ import annotations

from typing import Any

from bot.demo import wire
from bot.demo.keyboards import reply_markup
from bot.demo.markup import formatted
from bot.demo.methods.albums import media_fields
from bot.demo.methods.media import caption_in, caption_of
from bot.demo.methods.messages import TEXT_LIMIT
from bot.demo.parameters import Call
from bot.demo.records import Json, Message
from bot.demo.refusals import NOT_MODIFIED, bad_request
from bot.demo.targets import editable
from bot.demo.world import World


def edit_message_text(world: World, call: Call) -> Json:
    """New text; without reply_markup the keyboard goes."""
    message = editable(world, call)
    if message.has_media:
        raise bad_request("there is no text in the message to edit")
    words = formatted(call, "text", "entities")
    if not words.text:
        raise bad_request("message text is empty")
    if words.size > TEXT_LIMIT:
        raise bad_request("message is too long")
    return _edit(world, call, message, text=words.text, entities=words.entities)


def edit_message_caption(world: World, call: Call) -> Json:
    """New caption; without reply_markup the keyboard goes."""
    message = editable(world, call)
    if not message.has_media:
        raise bad_request("there is no caption in the message to edit")
    words = caption_of(call)
    above = call.flag("show_caption_above_media")
    return _edit(
        world, call, message, text=words.text, entities=words.entities, caption_above=above
    )


def edit_message_media(world: World, call: Call) -> Json:
    """Another picture or file, with the caption that comes along."""
    message = editable(world, call)
    item = call.object("media")
    if not item:
        raise bad_request("media is empty")
    fields = media_fields(world, call, item, caption_in(item))
    if message.media_group_id and bool(message.photo) != bool(fields["photo"]):
        raise bad_request("message can't be edited: the type of media in an album can't change")
    # A picture that is uploaded anew is a new picture for Telegram, whatever it shows.
    uploaded = bool(call.uploads)
    return _edit(world, call, message, always=uploaded, **fields)


def edit_message_reply_markup(world: World, call: Call) -> Json:
    """Another keyboard, or none."""
    return _edit(world, call, editable(world, call))


def _edit(
    world: World, call: Call, message: Message, *, always: bool = False, **fields: Any
) -> Json:
    chat = world.chats[message.chat_id]
    fields["markup"] = reply_markup(call, chat, inline_only=True)
    if message.media_group_id and fields["markup"]:
        raise bad_request("message can't be edited: albums have no keyboard")
    if not always and all(getattr(message, name) == value for name, value in fields.items()):
        raise bad_request(NOT_MODIFIED)
    changed = world.change(message, edit_date=world.clock.seconds(), **fields)
    return wire.message(world, changed)


METHODS = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
}
