"""/drafts, /queue, /channels and /cancel."""

from __future__ import annotations

from html import escape
from zoneinfo import ZoneInfo

from telegram import InlineKeyboardMarkup, Update
from telegram.constants import ParseMode

from app.models import DestinationState
from bot.cards import reason_text
from bot.context import DeskContext
from bot.desk import card_painter
from bot.handlers.questions import forget
from bot.keyboards import draft_list

SHOWN = 12
_LINE = 60


async def drafts(update: Update, context: DeskContext) -> None:
    """The open drafts, newest first, with a button each to bring the card down."""
    services, texts = context.services, context.texts
    brand = await services.members.brand()
    found = await services.views.recent(brand.id, limit=SHOWN)
    if not found:
        await _say(update, texts("drafts.none"))
        return
    lines = [texts("drafts.title")]
    for draft in found:
        painter = await card_painter(services, draft.id, texts)
        state = texts(f"state.{painter.state()}")
        lines.append(
            texts("drafts.line", number=draft.number, state=state, caption=_short(draft.caption))
        )
    await _say(update, "\n".join(lines), draft_list(texts, found))


async def queue(update: Update, context: DeskContext) -> None:
    """What goes out next, with a button each to bring the card down."""
    services, texts = context.services, context.texts
    brand = await services.members.brand()
    waiting = await services.schedule.queue(limit=SHOWN)
    if not waiting:
        await _say(update, texts("queue.none"))
        return
    titles = {one.id: one.title for one in await services.destinations.all(brand.id)}
    zone, now = ZoneInfo(brand.zone), services.clock.now()
    lines = [texts("queue.title", zone=brand.zone)]
    lines += [
        texts(
            "queue.line",
            when=texts.day_and_time(delivery.due, zone, now=now),
            title=escape(titles.get(delivery.destination_id, "?")),
            number=draft.number,
            caption=_short(draft.caption),
        )
        for delivery, draft in waiting
    ]
    await _say(update, "\n".join(lines), draft_list(texts, [draft for _, draft in waiting]))


async def channels(update: Update, context: DeskContext) -> None:
    """Where posts go, and what is wrong with the others."""
    services, texts = context.services, context.texts
    brand = await services.members.brand()
    found = await services.destinations.all(brand.id)
    if not found:
        await _say(update, texts("start.no_channel"))
        return
    lines = [texts("channels.title")]
    for one in found:
        key = "active" if one.state is DestinationState.ACTIVE else "broken"
        problem = reason_text(texts, one.problem)
        lines.append(texts(f"channels.{key}", title=escape(one.title), problem=problem))
    await _say(update, "\n".join(lines))


async def cancel(update: Update, context: DeskContext) -> None:
    """Forget the question that was asked."""
    message, user = update.effective_message, update.effective_user
    if message is None or user is None:
        return
    found = await forget(
        context, chat_id=message.chat_id, user_id=user.id, update_id=update.update_id
    )
    await _say(update, context.texts("cancel.done" if found else "cancel.nothing"))


async def _say(update: Update, html: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    if update.effective_message is not None:
        await update.effective_message.reply_text(
            html, parse_mode=ParseMode.HTML, reply_markup=keyboard
        )


def _short(text: str) -> str:
    line = text.splitlines()[0] if text else ""
    return escape(line if len(line) <= _LINE else line[: _LINE - 1] + "…")
