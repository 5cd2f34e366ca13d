"""Albums: two to ten photos, or documents, that belong together."""

from __future__ import annotations

from bot.demo import wire
from bot.demo.markup import Formatted
from bot.demo.methods.media import caption_in, document_of, photo_of
from bot.demo.methods.messages import send
from bot.demo.parameters import Call
from bot.demo.records import Json
from bot.demo.refusals import bad_request
from bot.demo.targets import writable
from bot.demo.world import World


def send_media_group(world: World, call: Call) -> list[Json]:
    """Sends all items, or none of them when one is refused."""
    chat = writable(world, call, "photos")
    items = call.objects("media")
    if not 2 <= len(items) <= 10:
        raise bad_request("wrong number of items in the media group, expected 2-10 items")
    if len({str(item.get("type")) for item in items}) > 1:
        raise bad_request("this media type can't be mixed with other media types in an album")
    ready = [_item(world, call, item) for item in items]
    group = str(13_000_000_000_000_000 + world.number("album"))
    sent = [send(world, chat, call, **fields, media_group_id=group) for fields in ready]
    return [wire.message(world, message) for message in sent]


def _item(world: World, call: Call, item: Json) -> Json:
    return media_fields(world, call, item, caption_in(item))


def media_fields(world: World, call: Call, item: Json, words: Formatted) -> Json:
    """A message's fields for an InputMedia."""
    kind, media = str(item.get("type")), str(item.get("media") or "")
    fields: Json = {"text": words.text, "entities": words.entities}
    if kind == "photo":
        fields |= {
            "photo": photo_of(world, call, media, "media"),
            "document": None,
            "caption_above": bool(item.get("show_caption_above_media")),
            "spoiler": bool(item.get("has_spoiler")),
        }
    elif kind == "document":
        fields |= {"document": document_of(world, call, media, "media"), "photo": None}
    else:
        raise bad_request(f"can't parse InputMedia: this local server knows no {kind or 'type'}")
    return fields


METHODS = {"sendMediaGroup": send_media_group}
