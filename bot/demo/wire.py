"""Users, chats and messages as the Bot API writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.demo.records import Chat, Json, Member, Message, Topic, User

if TYPE_CHECKING:
    from bot.demo.world import World

RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")
GROUP_RIGHTS = ("can_pin_messages", "can_manage_topics")


def user(person: User) -> Json:
    """The Bot API's User."""
    shape: Json = {
        "id": person.id,
        "is_bot": person.is_bot,
        "first_name": person.first_name,
        "username": person.username,
        "language_code": person.language_code,
    }
    return without_nones(shape)


def chat(world: World, where: Chat) -> Json:
    """The Bot API's Chat."""
    shape: Json = {"id": where.id, "type": where.type, "username": where.username}
    if where.type == "private":
        shape["first_name"] = world.users[where.id].first_name
    else:
        shape["title"] = where.title
    if where.is_forum:
        shape["is_forum"] = True
    return without_nones(shape)


def member(world: World, user_id: int, what: Member, where: Chat) -> Json:
    """The Bot API's ChatMember of its status."""
    shape: Json = {"user": user(world.users[user_id]), "status": what.status}
    if what.status == "creator":
        shape["is_anonymous"] = False
    if what.status == "administrator":
        named = CHANNEL_RIGHTS if where.type == "channel" else GROUP_RIGHTS
        shape.update({right: what.may(right) for right in (*RIGHTS, *named)})
    if what.status == "kicked":
        shape["until_date"] = 0
    return shape


def message(world: World, said: Message, *, with_reply: bool = True) -> Json:
    """The Bot API's Message."""
    where = world.chats[said.chat_id]
    shape: Json = {
        "message_id": said.message_id,
        "from": user(said.sender) if said.sender else None,
        "sender_chat": None if said.sender else chat(world, where),
        "chat": chat(world, where),
        "date": said.date,
        "edit_date": said.edit_date,
        "media_group_id": said.media_group_id,
        "forward_origin": said.forward_origin,
        "reply_markup": said.markup if said.inline_keyboard else None,
    }
    if said.thread_id is not None:
        shape |= {"message_thread_id": said.thread_id, "is_topic_message": True}
    shape |= content(said)
    if with_reply:
        shape["reply_to_message"] = _replied(world, where, said)
    return without_nones(shape)


def content(said: Message) -> Json:
    """What the message says and shows."""
    if said.service:
        return dict(said.service.payload)
    shape: Json = {}
    if said.photo:
        shape["photo"] = [size.to_api() for size in said.photo.sizes]
    if said.document:
        shape["document"] = said.document.to_api()
    names = ("caption", "caption_entities") if said.has_media else ("text", "entities")
    if said.text:
        shape[names[0]] = said.text
    if said.entities:
        shape[names[1]] = list(said.entities)
    if said.caption_above:
        shape["show_caption_above_media"] = True
    if said.spoiler:
        shape["has_media_spoiler"] = True
    return shape


def topic(what: Topic) -> Json:
    """The Bot API's ForumTopic."""
    return {
        "message_thread_id": what.thread_id,
        "name": what.name,
        "icon_color": what.icon_color,
    }


def without_nones(shape: Json) -> Json:
    """Telegram leaves absent fields out."""
    return {key: value for key, value in shape.items() if value is not None}


def _replied(world: World, where: Chat, said: Message) -> Json | None:
    # In a topic Telegram names the message that opened it when nothing else is replied to.
    replied_id = said.reply_to or said.thread_id
    replied = where.messages.get(replied_id) if replied_id else None
    return message(world, replied, with_reply=False) if replied else None
