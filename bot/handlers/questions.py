"""Questions we ask: kept in the database, so that a restart forgets none."""

from __future__ import annotations

from datetime import timedelta
from html import escape

from telegram import CallbackQuery, ForceReply
from telegram.constants import ParseMode

from app.captions import post_text
from app.chat import Question
from app.models import Draft
from bot.context import DeskContext

LIFETIME = timedelta(hours=1)
#: Bot API, ForceReply.input_field_placeholder
PLACEHOLDER_MAX = 64

CAPTION, PROMPT, TIME = "caption", "prompt", "time"


async def ask(query: CallbackQuery, context: DeskContext, draft: Draft, field: str) -> None:
    """Ask for a text; that person's next words here are the answer.

    The question is kept before it is asked: an answer must never be taken for a new topic.
    """
    if query.message is None:
        return
    current = {
        CAPTION: post_text(draft.caption, draft.hashtags),
        PROMPT: draft.prompt,
    }.get(field, "")
    chat_id = query.message.chat.id
    async with context.services.store.write() as tx:
        question = await tx.questions.add(
            chat_id=chat_id,
            user_id=query.from_user.id,
            draft_id=draft.id,
            draft_version=draft.version,
            field=field,
            expires_at=context.services.clock.now() + LIFETIME,
        )
    sent = await context.bot.send_message(
        chat_id,
        context.texts(f"ask.{field}", number=draft.number, current=escape(current)),
        parse_mode=ParseMode.HTML,
        message_thread_id=draft.thread_id,
        reply_markup=ForceReply(
            selective=True,
            input_field_placeholder=context.texts(f"ask.{field}_hint")[:PLACEHOLDER_MAX],
        ),
    )
    async with context.services.store.write() as tx:
        await tx.questions.touch(question.id, message_id=sent.message_id)


async def open_question(
    context: DeskContext, *, chat_id: int, user_id: int, update_id: int, reply_to: int | None
) -> Question | None:
    """The question these words answer, marked as answered by this update.

    A reply answers the question it replies to, anything else the newest one of a private chat.
    """
    now = context.services.clock.now()
    async with context.services.store.write() as tx:
        asked = await tx.questions.find(chat_id=chat_id, user_id=user_id, order="-id", limit=20)
        mine = [one for one in asked if one.answered_by in (None, update_id)]
        fitting = [one for one in mine if _fits(one, chat_id, reply_to)]
        if not fitting or fitting[0].expires_at < now:
            return None
        return await tx.questions.touch(fitting[0].id, answered_by=update_id)


async def reopen(context: DeskContext, question: Question) -> None:
    """The answer could not be used: the next words are taken again."""
    async with context.services.store.write() as tx:
        await tx.questions.touch(question.id, answered_by=None)


async def forget(context: DeskContext, *, chat_id: int, user_id: int, update_id: int) -> bool:
    """Drop every open question of a person; whether there was one."""
    async with context.services.store.write() as tx:
        asked = await tx.questions.find(chat_id=chat_id, user_id=user_id, answered_by=None)
        for one in asked:
            await tx.questions.touch(one.id, answered_by=update_id)
    return bool(asked)


def _fits(question: Question, chat_id: int, reply_to: int | None) -> bool:
    if reply_to is not None:
        return question.message_id == reply_to
    return chat_id > 0
