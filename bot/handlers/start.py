"""/start, /help, /language and whatever is no topic."""

from __future__ import annotations

from html import escape

from telegram import Update
from telegram.constants import ParseMode

from bot.context import DeskContext
from bot.keyboards import language_choice


async def start(update: Update, context: DeskContext) -> None:
    """What this bot does, and what is still to be set up."""
    services, texts = context.services, context.texts
    brand = await services.members.brand()
    channels = await services.destinations.active(brand.id)
    titles = ", ".join(escape(one.title) for one in channels)
    parts = [texts("start.hello").strip()]
    parts.append(texts("start.channels", titles=titles) if titles else texts("start.no_channel"))
    if services.studio.is_preview:
        parts.append(texts("start.offline"))
    await _say(update, "\n\n".join(parts))


async def show_help(update: Update, context: DeskContext) -> None:
    """Everything that can be sent, by example."""
    await _say(update, context.texts("help.text").strip())


async def ask_language(update: Update, context: DeskContext) -> None:
    """Offer the languages."""
    if update.effective_message is not None:
        await update.effective_message.reply_text(
            context.texts("language_choice.ask"), reply_markup=language_choice(context.texts)
        )


async def unsupported(update: Update, context: DeskContext) -> None:
    """Stickers, voices and the like."""
    await _say(update, context.texts("error.unsupported"))


async def _say(update: Update, html: str) -> None:
    if update.effective_message is not None:
        await update.effective_message.reply_text(html, parse_mode=ParseMode.HTML)
