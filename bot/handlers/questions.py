"""Questions we ask: kept in the database, so that a restart forgets none."""

from __future__ import annotations

from datetime import timedelta
from html import escape

from telegram import CallbackQuery, ForceReply
from telegram.constants import ParseMode

from app.captions import post_text
from app.chat import Question
from app.errors import DeskError
from app.models import Draft
from app.transactions import Transaction
from bot.context import DeskContext

LIFETIME = timedelta(hours=1)
#: Bot API, ForceReply.input_field_placeholder
PLACEHOLDER_MAX = 64

#: stands where else the answering update does
SUPERSEDED = 0

CAPTION, PROMPT, TIME = "caption", "prompt", "time"


class QuestionClosed(DeskError):
    """That question was answered, or asked too long ago."""

    code = "question_expired"


class ReplyToCard(DeskError):
    """A card is changed by its buttons."""

    code = "reply_to_card"


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
        await _close_others(tx, chat_id, query.from_user.id)
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


async def _close_others(tx: Transaction, chat_id: int, user_id: int) -> None:
    """One question at a time: an older one would swallow the topic after the answer."""
    for one in await tx.questions.find(chat_id=chat_id, user_id=user_id, answered_by=None):
        await tx.questions.touch(one.id, answered_by=SUPERSEDED)


async def open_question(
    context: DeskContext, *, chat_id: int, user_id: int, update_id: int, reply_to: int | None
) -> Question | None:
    """The question these words answer, marked as answered by this update.

    A reply answers the question it replies to, anything else the newest one of a private chat.
    Raises `QuestionClosed` for a reply to an old question, `ReplyToCard` for one to a card: such
    words are no topic.
    """
    now = context.services.clock.now()
    async with context.services.store.write() as tx:
        asked = await tx.questions.find(chat_id=chat_id, user_id=user_id, order="-id", limit=20)
        still_open = [
            one for one in asked if one.answered_by in (None, update_id) and one.expires_at >= now
        ]
        fitting = [one for one in still_open if _fits(one, chat_id, reply_to)]
        if fitting:
            return await tx.questions.touch(fitting[0].id, answered_by=update_id)
        if reply_to is not None:
            await _refuse_other_replies(tx, chat_id, reply_to, asked)
        return None


async def _refuse_other_replies(
    tx: Transaction, chat_id: int, reply_to: int, asked: list[Question]
) -> None:
    if any(one.message_id == reply_to for one in asked):
        raise QuestionClosed
    for card in await tx.cards.find(chat_id=chat_id, message_id=reply_to):
        draft = await tx.drafts.get(card.draft_id)
        raise ReplyToCard(number=draft.number)


async def reopen(context: DeskContext, question: Question) -> None:
    """The answer could not be used: the next words are taken again."""
    async with context.services.store.write() as tx:
        await tx.questions.touch(question.id, answered_by=None)


async def forget(
    context: DeskContext,
    *,
    chat_id: int,
    user_id: int,
    update_id: int,
    draft_id: int | None = None,
) -> bool:
    """Drop a person's open questions (about one draft, or all); whether there was one."""
    async with context.services.store.write() as tx:
        asked = await tx.questions.find(chat_id=chat_id, user_id=user_id, answered_by=None)
        asked = [one for one in asked if draft_id in (None, one.draft_id)]
        for one in asked:
            await tx.questions.touch(one.id, answered_by=update_id)
    return bool(asked)


def _fits(question: Question, chat_id: int, reply_to: int | None) -> bool:
    if reply_to is not None:
        return question.message_id == reply_to
    return chat_id > 0
