"""One door before all handlers: members pass, strangers get one polite line a day."""

from __future__ import annotations

from telegram import Chat, Update, User
from telegram.ext import ApplicationHandlerStop

from app.models import Member
from bot.context import DeskContext
from bot.texts import languages, load

#: Telegram's stand-in for an administrator who writes as the group (Bot API, Message.sender_chat)
ANONYMOUS_ADMIN = 1087968824


async def check_access(update: Update, context: DeskContext) -> None:
    """Let a member's update through; end every other one here."""
    if update.my_chat_member is not None:
        await _meet(context, update.my_chat_member.from_user)
        return
    user = update.effective_user
    if user is None or user.is_bot or _speaks_as_chat(update):
        await _ask_for_a_name(update, context)
        raise ApplicationHandlerStop
    member = await context.services.members.find(user.id)
    if member is None:
        await _tell_stranger(update, context, user)
        raise ApplicationHandlerStop
    member = await _introduced(context, member, user)
    context.admit(member, load(member.language or context.services.settings.language))


async def _meet(context: DeskContext, user: User) -> None:
    """Somebody changed our rights: its handler judges them; a member's language is known now."""
    member = await context.services.members.find(user.id)
    if member is not None:
        await _introduced(context, member, user)


async def _introduced(context: DeskContext, member: Member, user: User) -> Member:
    """Keep a person's name, and their Telegram language until they choose one."""
    members = context.services.members
    member = await members.rename(member, user.full_name)
    if member.language is None and user.language_code:
        spoken = user.language_code.partition("-")[0]
        if spoken in languages():
            member = await members.speak(member, spoken)
    return member


def _speaks_as_chat(update: Update) -> bool:
    message = update.effective_message
    written = message is not None and update.callback_query is None
    return bool(written and message and message.sender_chat is not None)


async def _ask_for_a_name(update: Update, context: DeskContext) -> None:
    message = update.effective_message
    if message is None or message.chat.type == Chat.CHANNEL or update.effective_user is None:
        return
    if message.is_automatic_forward:
        return  # a channel's own post, shown in its discussion group
    if await context.services.members.may_tell_stranger(message.chat.id):
        await message.reply_text(context.texts("error.anonymous"))


async def _tell_stranger(update: Update, context: DeskContext, user: User) -> None:
    """The line of the day is spent only where it is heard: in private, or on a tap."""
    query, message = update.callback_query, update.message
    if query is None and (message is None or message.chat.type != Chat.PRIVATE):
        return
    if not await context.services.members.may_tell_stranger(user.id):
        if query is not None:
            await query.answer()
        return
    code = (user.language_code or context.services.settings.language).partition("-")[0]
    line = load(code)("stranger.line", user_id=user.id)
    if query is not None:
        await query.answer(line, show_alert=True)
    elif message is not None:
        await message.reply_text(line)
