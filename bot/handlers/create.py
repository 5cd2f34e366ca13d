"""A topic becomes a draft."""

from __future__ import annotations

from telegram import Message, Update

from app.errors import DeskError, StorageError
from app.models import Role
from bot.context import DeskContext, sentence
from bot.handlers.answers import answer_question


async def on_text(update: Update, context: DeskContext) -> None:
    """A plain message answers our question, or is a topic (in a private chat)."""
    message = update.message
    if message is None or message.text is None:
        return
    if await answer_question(update, context, message):
        return
    if message.chat.type == message.chat.PRIVATE:
        await _create(update, context, message, message.text, paint=True)


async def new(update: Update, context: DeskContext) -> None:
    """/new and a topic."""
    await _from_command(update, context, "new", paint=True)


async def prompt_first(update: Update, context: DeskContext) -> None:
    """/prompt and a topic: nothing is painted before somebody has read the prompt."""
    await _from_command(update, context, "prompt", paint=False)


async def _from_command(
    update: Update, context: DeskContext, command: str, *, paint: bool
) -> None:
    message = update.message
    if message is None or message.text is None:
        return
    _command, *rest = message.text.split(maxsplit=1)
    topic = "".join(rest)
    if not topic:
        await message.reply_text(context.texts("new.needs_topic", command=command))
        return
    await _create(update, context, message, topic, paint=paint)


async def _create(
    update: Update, context: DeskContext, message: Message, text: str, *, paint: bool
) -> None:
    """The card follows by itself: the announcer shows what the service wrote."""
    services = context.services
    if context.member.role is Role.VIEWER:
        await message.reply_text(context.texts("error.viewer"))
        return
    try:
        await services.drafts.create(
            text,
            brand=await services.members.brand(),
            author=context.actor,
            chat_id=message.chat_id,
            thread_id=message.message_thread_id if message.is_topic_message else None,
            source_key=f"update:{update.update_id}",
            paint=paint,
        )
    except StorageError:
        raise
    except DeskError as error:
        await message.reply_text(sentence(error, context.texts))
