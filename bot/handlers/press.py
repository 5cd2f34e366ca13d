"""Buttons: one table from action to what it does; every press is answered at once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from telegram import Update
from telegram.error import BadRequest

from app.errors import DeskError, Stale, StorageError
from app.models import Draft, DraftState, Role
from bot.callback_data import Action, Press
from bot.context import DeskContext, sentence
from bot.desk import card_painter
from bot.handlers.questions import CAPTION, PROMPT, TIME, ask
from bot.handlers.start import set_language

log = logging.getLogger(__name__)

#: Bot API, answerCallbackQuery.text
ANSWER_MAX = 200

Do = Callable[[Update, DeskContext, Press], Awaitable[str]]


async def on_press(update: Update, context: DeskContext) -> None:
    """Do what the button says and answer it."""
    query = update.callback_query
    if query is None:
        return
    alert = False
    try:
        press = Press.unpack(query.data or "")
        _check_right(context, press)
        text = await ACTIONS[press.action](update, context, press)
    except StorageError:
        raise
    except DeskError as error:
        text, alert = sentence(error, context.texts), not isinstance(error, Stale)
        log.info("button %s: %s", query.data, error.code)
    try:
        await query.answer(text[:ANSWER_MAX] or None, show_alert=alert)
    except BadRequest as error:
        log.info("a press was answered too late: %s", error)


class RoleMissing(DeskError):
    """This role may look, not change."""

    code = "viewer"


def _check_right(context: DeskContext, press: Press) -> None:
    if context.member.role is Role.VIEWER and press.action not in (Action.SHOW, Action.LANGUAGE):
        raise RoleMissing


async def _approve(_update: Update, context: DeskContext, press: Press) -> str:
    await context.services.schedule.approve(
        press.target, press.version, context.actor, when=press.when
    )
    return await _when_answer(context, press)


async def _at(update: Update, context: DeskContext, press: Press) -> str:
    """A time was picked: approve for it, or move what is approved."""
    draft = await _shown(context, press)
    if draft.state in (DraftState.APPROVED, DraftState.SCHEDULED):
        await context.services.schedule.schedule(
            press.target, press.version, context.actor, when=press.when
        )
    else:
        await context.services.schedule.approve(
            press.target, press.version, context.actor, when=press.when
        )
    await _drop_echo(update)
    return await _when_answer(context, press)


async def _when_answer(context: DeskContext, press: Press) -> str:
    draft = await context.services.drafts.get(press.target)
    if draft.state is DraftState.APPROVED:
        return context.texts("done.approved")
    if press.when is None:
        return context.texts("done.now")
    zone = ZoneInfo((await context.services.members.brand()).zone)
    now = context.services.clock.now()
    when = context.texts.day_and_time(press.when, zone, now=now)
    return context.texts("done.scheduled", when=when)


async def _drop_echo(update: Update) -> None:
    """A confirmed echo has no buttons any more; the card shows the rest."""
    query = update.callback_query
    message = query.message if query else None
    if query is not None and message is not None and getattr(message, "photo", None) == ():
        await query.edit_message_reply_markup(None)


async def _times(update: Update, context: DeskContext, press: Press) -> str:
    await _shown(context, press)
    await _show_keyboard(update, context, press, "times")
    return ""


async def _back(update: Update, context: DeskContext, press: Press) -> str:
    await _show_keyboard(update, context, press, "main")
    return ""


async def _show_keyboard(update: Update, context: DeskContext, press: Press, name: str) -> None:
    """Another sheet of buttons under the same card, until its next change."""
    painter = await card_painter(context.services, press.target, context.texts)
    keyboard = painter.keyboard()
    markup = keyboard.times() if name == "times" else keyboard.main()
    query = update.callback_query
    if query is None:
        return
    try:
        await query.edit_message_reply_markup(markup)
    except BadRequest as error:
        if "not modified" not in str(error).lower():
            raise
    await _forget_shown(context, press.target)


async def _forget_shown(context: DeskContext, draft_id: int) -> None:
    """The card's buttons are not what was last drawn, so the next drawing must be sent."""
    async with context.services.store.write() as tx:
        for card in await tx.cards.find(draft_id=draft_id):
            picture = card.shown.partition(":")[0]
            await tx.cards.touch(card.id, shown=f"{picture}:")


async def _type_time(update: Update, context: DeskContext, press: Press) -> str:
    await ask(update, context, await _shown(context, press), TIME)
    await _drop_echo(update)
    return ""


async def _edit_text(update: Update, context: DeskContext, press: Press) -> str:
    await ask(update, context, await _shown(context, press), CAPTION)
    return ""


async def _edit_prompt(update: Update, context: DeskContext, press: Press) -> str:
    await ask(update, context, await _shown(context, press), PROMPT)
    return ""


async def _shown(context: DeskContext, press: Press) -> Draft:
    """The draft, if the card shows its present version."""
    draft = await context.services.drafts.get(press.target)
    if draft.version != press.version:
        raise Stale(draft=draft)
    return draft


async def _show(_update: Update, context: DeskContext, press: Press) -> str:
    await context.services.drafts.show_again(press.target)
    return ""


async def _language(_update: Update, context: DeskContext, press: Press) -> str:
    return await set_language(context, press)


async def _post_again(_update: Update, context: DeskContext, press: Press) -> str:
    await context.services.publishing.post_again(press.target, context.actor)
    return context.texts("done.posting")


async def _seen(_update: Update, context: DeskContext, press: Press) -> str:
    await context.services.publishing.seen(press.target, context.actor)
    return context.texts("done.resolved")


async def _drop(_update: Update, context: DeskContext, press: Press) -> str:
    await context.services.publishing.drop(press.target, context.actor)
    return context.texts("done.resolved")


async def _unschedule(_update: Update, context: DeskContext, press: Press) -> str:
    await context.services.schedule.unschedule(press.target, press.version, context.actor)
    return context.texts("done.unscheduled")


def _draft_action(name: str, done: str) -> Do:
    """A button that is one call of the draft service."""

    async def run(_update: Update, context: DeskContext, press: Press) -> str:
        change = getattr(context.services.drafts, name)
        await change(press.target, press.version, context.actor)
        return context.texts(f"done.{done}")

    return run


ACTIONS: dict[Action, Do] = {
    Action.APPROVE: _approve,
    Action.NOW: _at,
    Action.AT: _at,
    Action.TIMES: _times,
    Action.TYPE_TIME: _type_time,
    Action.BACK: _back,
    Action.REGENERATE: _draft_action("regenerate", "painting"),
    Action.LOOK_AGAIN: _draft_action("look_again", "looking"),
    Action.KEEP_PREVIOUS: _draft_action("keep_previous", "kept"),
    Action.THEME: _draft_action("change_theme", "theme"),
    Action.DISCARD: _draft_action("discard", "discarded"),
    Action.RESTORE: _draft_action("restore", "restored"),
    Action.EDIT_TEXT: _edit_text,
    Action.EDIT_PROMPT: _edit_prompt,
    Action.UNSCHEDULE: _unschedule,
    Action.SHOW: _show,
    Action.SEEN: _seen,
    Action.POST_AGAIN: _post_again,
    Action.DROP: _drop,
    Action.LANGUAGE: _language,
}
