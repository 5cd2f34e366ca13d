"""Channels find us: made an administrator, the bot connects; no longer one, it says so."""

from __future__ import annotations

import logging

from telegram import Chat, ChatFullInfo, ChatMemberAdministrator, ChatMemberUpdated, Update
from telegram.error import TelegramError
from telegram.ext import ExtBot

from app.container import Services
from app.models import Role
from app.publishers.telegram import KIND
from bot.context import DeskContext

log = logging.getLogger(__name__)


async def on_my_membership(update: Update, context: DeskContext) -> None:
    """Our own rights in a channel changed."""
    change = update.my_chat_member
    if change is None or change.chat.type != Chat.CHANNEL:
        return
    address = str(change.chat.id)
    if _may_post(change):
        await _connect_if_owner(context.services, change)
        return
    left = change.new_chat_member.status in ("left", "kicked")
    await context.services.destinations.broken(
        kind=KIND, address=address, problem="left" if left else "permission"
    )


async def _connect_if_owner(services: Services, change: ChatMemberUpdated) -> None:
    """A stranger's channel is no channel of the company, whoever adds the bot to it."""
    member = await services.members.find(change.from_user.id)
    if member is None or member.role is not Role.OWNER:
        log.info("somebody who is no owner added the bot to a channel")
        return
    await _connect(services, change.chat, added_by=member.user_id)


async def connect_configured(services: Services, bot: ExtBot[None]) -> None:
    """Connect the channels of TELEGRAM_CHANNELS; a wrong one is logged and stops nothing."""
    for name in services.settings.telegram_channels:
        try:
            chat = await bot.get_chat(int(name) if name.lstrip("-").isdigit() else name)
            me = await bot.get_chat_member(chat.id, bot.id)
        except TelegramError as error:
            log.warning("TELEGRAM_CHANNELS: %s cannot be reached (%s)", name, error)
            continue
        if isinstance(me, ChatMemberAdministrator) and me.can_post_messages is not False:
            await _connect(services, chat, added_by=None)
        else:
            log.warning("TELEGRAM_CHANNELS: the bot may not post in %s", name)


async def _connect(services: Services, chat: Chat | ChatFullInfo, *, added_by: int | None) -> None:
    brand = await services.members.brand()
    await services.destinations.connect(
        brand_id=brand.id,
        kind=KIND,
        address=str(chat.id),
        title=chat.title or str(chat.id),
        username=chat.username,
        added_by=added_by,
    )


def _may_post(change: ChatMemberUpdated) -> bool:
    me = change.new_chat_member
    return isinstance(me, ChatMemberAdministrator) and bool(me.can_post_messages)
