"""The peer: the shortest bot that python-telegram-bot's own examples would have you write."""

from __future__ import annotations

import os
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    ContextTypes,
    MessageHandler,
    filters,
)


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answer a message with itself and a button."""
    if update.message is not None:
        button = InlineKeyboardButton("press", callback_data="press")
        await update.message.reply_text(
            update.message.text or "", reply_markup=InlineKeyboardMarkup([[button]])
        )


async def press(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answer the button."""
    if update.callback_query is not None:
        await update.callback_query.answer("pressed")


def main() -> None:
    """Poll until stopped."""
    builder: Any = ApplicationBuilder().token(os.environ["TELEGRAM_BOT_TOKEN"])
    application = builder.base_url(f"{os.environ['TELEGRAM_API_BASE_URL']}/bot").build()
    application.add_handler(CallbackQueryHandler(press))
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()


if __name__ == "__main__":
    main()
