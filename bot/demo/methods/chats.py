"""What a chat is, who is in it, and what is pinned there."""

from __future__ import annotations

import hashlib

from bot.demo import wire
from bot.demo.parameters import Call
from bot.demo.records import Chat, Json, Member
from bot.demo.refusals import bad_request
from bot.demo.targets import chat_of, joined, message_to
from bot.demo.world import World


def get_chat(world: World, call: Call) -> Json:
    """The Bot API's ChatFullInfo; public chats can be looked at from outside."""
    chat = chat_of(world, call)
    if not chat.username:
        joined(world, chat)
    info = {
        **wire.chat(world, chat),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    if chat.username:
        info["active_usernames"] = [chat.username]
    if pinned := [chat.messages[key] for key in chat.pinned if key in chat.messages]:
        info["pinned_message"] = wire.message(world, pinned[-1], with_reply=False)
    return info


def get_chat_member(world: World, call: Call) -> Json:
    """What one user is in a chat."""
    chat = _visible(world, call)
    user_id = call.number("user_id")
    if user_id is None or user_id not in world.users:
        raise bad_request("invalid user_id specified" if user_id is None else "user not found")
    return wire.member(world, user_id, chat.member(user_id), chat)


def get_chat_administrators(world: World, call: Call) -> list[Json]:
    """Creator and administrators, other bots left out."""
    chat = _visible(world, call)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    return [
        wire.member(world, user_id, member, chat)
        for user_id, member in chat.members.items()
        if member.leads
    ]


def get_chat_member_count(world: World, call: Call) -> int:
    """How many people and bots are in a chat."""
    return sum(member.present for member in _visible(world, call).members.values())


def _visible(world: World, call: Call) -> Chat:
    chat = joined(world, chat_of(world, call))
    if chat.type == "channel" and not chat.member(world.bot.id).leads:
        raise bad_request("member list is inaccessible")
    return chat


def leave_chat(world: World, call: Call) -> bool:
    """The bot goes."""
    chat = joined(world, chat_of(world, call))
    if chat.type == "private":
        raise bad_request("chat can't be left")
    world.set_member(chat, world.bot.id, Member(status="left"), by=world.bot.id)
    return True


def pin_chat_message(world: World, call: Call) -> bool:
    """Pins a message."""
    message = message_to(world, call, "pin")
    chat = world.chats[message.chat_id]
    _require_pinning(world, chat)
    if message.message_id not in chat.pinned:
        chat.pinned.append(message.message_id)
    return True


def unpin_chat_message(world: World, call: Call) -> bool:
    """Unpins one message, or the newest pinned one."""
    chat = joined(world, chat_of(world, call))
    _require_pinning(world, chat)
    wanted = call.number("message_id") or (chat.pinned[-1] if chat.pinned else None)
    if wanted not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(wanted)
    return True


def _require_pinning(world: World, chat: Chat) -> None:
    right = "can_edit_messages" if chat.type == "channel" else "can_pin_messages"
    if chat.type != "private" and not chat.member(world.bot.id).may(right):
        raise bad_request("not enough rights to manage pinned messages in the chat")


def export_chat_invite_link(world: World, call: Call) -> str:
    """An invite link, the same each time."""
    chat = joined(world, chat_of(world, call))
    if not chat.member(world.bot.id).may("can_invite_users"):
        raise bad_request("not enough rights to manage chat invite link")
    return "https://t.me/+" + hashlib.sha256(str(chat.id).encode()).hexdigest()[:16]


METHODS = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "leaveChat": leave_chat,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "exportChatInviteLink": export_chat_invite_link,
}
