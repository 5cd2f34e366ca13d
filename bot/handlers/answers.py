"""Answers to our questions: a new text, a new prompt, a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from telegram import Message, Update
from telegram.constants import ParseMode

from app.chat import Question
from app.errors import DeskError, Stale, StorageError, TimeInPast
from app.models import Draft, DraftState
from app.when import Understood, understand
from bot.context import DeskContext, sentence
from bot.handlers.questions import CAPTION, PROMPT, TIME, open_question, reopen
from bot.keyboards import confirm_time
from bot.texts import Texts

_SCHEDULED = (DraftState.APPROVED, DraftState.SCHEDULED)


async def answer_question(update: Update, context: DeskContext, message: Message) -> bool:
    """Whether these words answered a question of ours."""
    user = update.effective_user
    if user is None or message.text is None:
        return False
    replied = message.reply_to_message
    question = await open_question(
        context,
        chat_id=message.chat_id,
        user_id=user.id,
        update_id=update.update_id,
        reply_to=replied.message_id if replied else None,
    )
    if question is None:
        return False
    try:
        await _TAKERS[question.field](context, question, message)
    except StorageError:
        raise
    except Stale as error:
        await message.reply_text(sentence(error, context.texts))
    except DeskError as error:
        await reopen(context, question)
        await message.reply_text(sentence(error, context.texts))
    return True


async def _take_caption(context: DeskContext, question: Question, message: Message) -> None:
    before = await context.services.drafts.get(question.draft_id)
    await context.services.drafts.edit_text(
        question.draft_id, question.draft_version, context.actor, message.text or ""
    )
    revoked = before.state in _SCHEDULED
    await message.reply_text(context.texts("done.edited_revoked" if revoked else "done.edited"))


async def _take_prompt(context: DeskContext, question: Question, message: Message) -> None:
    await context.services.drafts.edit_prompt(
        question.draft_id, question.draft_version, context.actor, message.text or ""
    )
    await message.reply_text(context.texts("done.prompt_edited"))


async def _take_time(context: DeskContext, question: Question, message: Message) -> None:
    """Never guess and never schedule unseen: the time is echoed and confirmed."""
    services, texts = context.services, context.texts
    zone = ZoneInfo((await services.members.brand()).zone)
    now = services.clock.now()
    understood = understand(message.text or "", now=now, zone=zone, language=texts.language)
    if understood is None:
        await reopen(context, question)
        await message.reply_text(texts("error.time_unclear"))
        return
    if understood.note == "past" or understood.instant < now:
        raise TimeInPast
    draft = await services.drafts.get(question.draft_id)
    if draft.version != question.draft_version:
        raise Stale(draft=draft)
    await message.reply_text(
        _echo(texts, draft, understood, zone, understood.instant - now),
        parse_mode=ParseMode.HTML,
        reply_markup=confirm_time(texts, draft, understood.instant),
    )


def _echo(
    texts: Texts, draft: Draft, understood: Understood, zone: ZoneInfo, distance: timedelta
) -> str:
    line = texts(
        "ask.confirm_time",
        number=draft.number,
        when=texts.full_day_and_time(understood.instant, zone),
        zone=zone.key,
        distance=_distance(texts, distance),
    )
    if understood.note in ("gap", "overlap"):
        line += "\n" + texts(f"ask.time_{understood.note}")
    return line


def _distance(texts: Texts, distance: timedelta) -> str:
    seconds = round(distance.total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1)):
        if seconds >= size * (2 if unit == "days" else 1):
            return texts.count(f"duration.{unit}", round(seconds / size))
    return texts("duration.now")


_TAKERS: dict[str, Callable[[DeskContext, Question, Message], Awaitable[None]]] = {
    CAPTION: _take_caption,
    PROMPT: _take_prompt,
    TIME: _take_time,
}
