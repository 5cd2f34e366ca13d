"""Photos and documents: sending them, and getting their bytes back."""

from __future__ import annotations

import asyncio

from bot.demo import wire
from bot.demo.files import DOWNLOAD_LIMIT, Document, Photo, too_big
from bot.demo.keyboards import reply_markup
from bot.demo.markup import Formatted, build, formatted
from bot.demo.methods.messages import send
from bot.demo.parameters import Call, Upload
from bot.demo.records import Json
from bot.demo.refusals import WRONG_FILE, bad_request
from bot.demo.targets import writable
from bot.demo.world import World

CAPTION_LIMIT = 1024
DOCUMENT_LIMIT = 50 * 1024 * 1024


def photo_of(world: World, call: Call, value: str, name: str = "photo") -> Photo:
    """The picture that a parameter means: an upload or a known file_id."""
    upload = call.attached(value, name)
    if upload:
        return world.files.add_photo(upload.data)
    return world.files.photo(_reusable(value, name))


def document_of(world: World, call: Call, value: str, name: str = "document") -> Document:
    """The file that a parameter means: an upload or a known file_id."""
    upload = call.attached(value, name)
    return stored(world, upload) if upload else world.files.document(_reusable(value, name))


def stored(world: World, upload: Upload) -> Document:
    """Keeps an uploaded file."""
    if not upload.data:
        raise bad_request("file must be non-empty")
    if len(upload.data) > DOCUMENT_LIMIT:
        raise too_big(upload.data, "document", DOCUMENT_LIMIT)
    return world.files.add_document(upload.data, name=upload.name, mime_type=upload.mime_type)


def _reusable(value: str, name: str) -> str:
    if not value:
        raise bad_request(f"there is no {name} in the request")
    if value.startswith(("http://", "https://")):
        raise bad_request(f"{WRONG_FILE}: this local server fetches nothing from the network")
    return value


def caption_of(call: Call) -> Formatted:
    """The caption of a call."""
    return _checked(formatted(call, "caption", "caption_entities"))


def caption_in(item: Json) -> Formatted:
    """The caption of an InputMedia."""
    given = item.get("caption_entities")
    mode = str(item.get("parse_mode") or "")
    return _checked(build(str(item.get("caption") or ""), mode, given))


def _checked(words: Formatted) -> Formatted:
    if words.size > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return words


def send_photo(world: World, call: Call) -> Json:
    """A picture with a caption."""
    chat = writable(world, call, "photos")
    words, markup = caption_of(call), reply_markup(call, chat)
    sent = send(
        world,
        chat,
        call,
        photo=photo_of(world, call, call.text("photo")),
        text=words.text,
        entities=words.entities,
        markup=markup,
        caption_above=call.flag("show_caption_above_media"),
        spoiler=call.flag("has_spoiler"),
    )
    return wire.message(world, sent)


def send_document(world: World, call: Call) -> Json:
    """A file with a caption."""
    chat = writable(world, call, "documents")
    words, markup = caption_of(call), reply_markup(call, chat)
    sent = send(
        world,
        chat,
        call,
        document=document_of(world, call, call.text("document")),
        text=words.text,
        entities=words.entities,
        markup=markup,
    )
    return wire.message(world, sent)


async def get_file(world: World, call: Call) -> Json:
    """Where a file can be downloaded."""
    file_id = call.text("file_id")
    if not world.files.known(file_id):
        raise bad_request("invalid file_id")
    data, _ = await asyncio.to_thread(world.files.content, file_id)
    if len(data) > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": world.files.unique_id(file_id),
        "file_size": len(data),
        "file_path": world.files.path_of(file_id),
    }


METHODS = {"sendPhoto": send_photo, "sendDocument": send_document, "getFile": get_file}
