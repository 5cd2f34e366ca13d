"""The last handler: what nobody foresaw is logged with a reference, and the person hears of it."""

from __future__ import annotations

import logging

from telegram import Update
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import ApplicationHandlerStop

from app.errors import DeskError, StorageError
from bot.context import DeskContext, sentence
from bot.inbox import InboxProcessor

log = logging.getLogger(__name__)


async def on_error(update: object, context: DeskContext) -> None:
    """Deal with the error, and let no further handler run: the access check may be what failed."""
    await _deal_with(update, context)
    raise ApplicationHandlerStop


async def _deal_with(update: object, context: DeskContext) -> None:
    """Classify, log, tell, and mark the update as not handled where another try can help."""
    error = context.error
    if not isinstance(update, Update) or error is None:
        log.error("an error outside of any update", exc_info=error)
        return
    if isinstance(error, Forbidden):
        log.info("update %s: the chat does not take our messages any more", update.update_id)
        return
    if isinstance(error, DeskError) and not isinstance(error, StorageError):
        await tell(update, sentence(error, context.texts))
        return
    if isinstance(error, BadRequest) and "query is too old" in str(error).lower():
        return
    if isinstance(error, StorageError):
        log.warning("update %s waits for the database: %s", update.update_id, error)
    else:
        log.error("update %s failed", update.update_id, exc_info=error)
    processor = context.application.update_processor
    if isinstance(processor, InboxProcessor):
        processor.failed(update, error)


async def tell(update: Update, text: str) -> None:
    """Say it where the person looks; a failure to say it is only logged."""
    try:
        if update.callback_query is not None:
            await update.callback_query.answer(text[:200], show_alert=True)
        elif update.effective_message is not None:
            await update.effective_message.reply_text(text)
    except TelegramError as error:
        log.warning("the person could not be told: %s", type(error).__name__)
