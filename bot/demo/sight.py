"""Users, chats and messages as people see them: the shapes of the `/sim` contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.demo.files import Document, Photo
from bot.demo.records import Chat, Json, Message, User

if TYPE_CHECKING:
    from bot.demo.world import World


def user(person: User) -> Json:
    """The contract's user."""
    return {
        "id": person.id,
        "first_name": person.first_name,
        "username": person.username,
        "language_code": person.language_code,
        "is_bot": person.is_bot,
    }


def chat(where: Chat) -> Json:
    """The contract's chat."""
    return {
        "id": where.id,
        "type": where.type,
        "title": where.title,
        "username": where.username,
        "is_forum": where.is_forum,
        "members": {str(user_id): member.status for user_id, member in where.members.items()},
    }


def message(world: World, said: Message) -> Json:
    """The contract's message."""
    return {
        "chat_id": said.chat_id,
        "message_id": said.message_id,
        "thread_id": said.thread_id,
        "from": _sender(said.sender),
        "date": said.date,
        "edit_date": said.edit_date,
        "out": bool(said.sender and not said.sender.is_bot),
        "text": said.text,
        "entities": list(said.entities),
        "photo": _photo(said.photo),
        "document": _document(said.document),
        "reply_to": _replied(world, said),
        "keyboard": [[_button(button) for button in row] for row in said.inline_keyboard],
        "force_reply": _force_reply(said.markup),
        "media_group_id": said.media_group_id,
        "reactions": list(said.reactions),
        "service": said.service.sentence if said.service else None,
    }


def _sender(sender: User | None) -> Json | None:
    if sender is None:
        return None
    return {"id": sender.id, "first_name": sender.first_name, "is_bot": sender.is_bot}


def _photo(photo: Photo | None) -> Json | None:
    if photo is None:
        return None
    best = photo.best
    return {
        "file_id": best.file_id,
        "width": best.width,
        "height": best.height,
        "url": f"/sim/files/{best.file_id}",
    }


def _document(document: Document | None) -> Json | None:
    if document is None:
        return None
    return {
        "file_id": document.file_id,
        "file_name": document.file_name,
        "mime_type": document.mime_type,
        "size": len(document.data),
        "url": f"/sim/files/{document.file_id}",
    }


def _replied(world: World, said: Message) -> Json | None:
    replied = world.chats[said.chat_id].messages.get(said.reply_to or 0)
    if replied is None:
        return None
    return {"message_id": replied.message_id, "text": replied.text[:80]}


def _button(button: Json) -> Json:
    return {
        "text": button["text"],
        "data": button.get("callback_data"),
        "url": button.get("url"),
        "copy_text": (button.get("copy_text") or {}).get("text"),
        "style": button.get("style"),
    }


def _force_reply(markup: Json | None) -> Json | None:
    if not (markup or {}).get("force_reply"):
        return None
    return {"placeholder": (markup or {}).get("input_field_placeholder")}
