"""Buttons: one table from action to what it does; every press is answered before anything else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from telegram import CallbackQuery, Update
from telegram.error import BadRequest, TelegramError

from app.drafts import DraftService
from app.errors import DeskError, SlotTaken, Stale, StorageError, TimeInPast
from app.models import Actor, Draft, DraftState, Role
from bot.callback_data import Action, Press
from bot.context import DeskContext, sentence
from bot.desk import card_painter
from bot.handlers.questions import CAPTION, PROMPT, SUPERSEDED, TIME, ask, forget
from bot.texts import languages, load

log = logging.getLogger(__name__)

#: Bot API, answerCallbackQuery.text
ANSWER_MAX = 200
_FOR_VIEWERS = frozenset({Action.SHOW, Action.LANGUAGE})
_FOR_APPROVERS = frozenset(
    {
        Action.APPROVE,
        Action.NOW,
        Action.AT,
        Action.UNSCHEDULE,
        Action.SEEN,
        Action.POST_AGAIN,
        Action.DROP,
    }
)
#: buttons that change the draft they name, and ask nothing
_ABOUT_DRAFTS = frozenset(
    {
        Action.APPROVE,
        Action.NOW,
        Action.AT,
        Action.REGENERATE,
        Action.LOOK_AGAIN,
        Action.KEEP_PREVIOUS,
        Action.THEME,
        Action.DISCARD,
        Action.RESTORE,
        Action.UNSCHEDULE,
    }
)
_APPROVED = (DraftState.APPROVED, DraftState.SCHEDULED)


class RoleMissing(DeskError):
    """This role may look, not change."""

    code = "viewer"


class ApprovalMissing(DeskError):
    """This role may write, not decide what goes out."""

    code = "author"


def _check_role(role: Role, action: Action) -> None:
    if role is Role.VIEWER and action not in _FOR_VIEWERS:
        raise RoleMissing
    if role is Role.AUTHOR and action in _FOR_APPROVERS:
        raise ApprovalMissing


class Pressed:
    """A button being pressed: who, where, and its one answer."""

    def __init__(self, query: CallbackQuery, context: DeskContext, press: Press) -> None:
        """`press` is what the button carries."""
        self.query = query
        self.context = context
        self.press = press
        self.services = context.services
        self.texts = context.texts

    @property
    def actor(self) -> Actor:
        """Who presses."""
        return self.context.actor

    async def answer(self, text: str = "") -> None:
        """Stop the button's spinner; the words are shown for a moment."""
        await _answer(self.query, text)

    async def draft(self) -> Draft:
        """The draft, if the card shows its present version; else `Stale`."""
        draft = await self.services.drafts.get(self.press.target)
        if draft.version != self.press.version:
            raise Stale(draft=draft)
        return draft


Do = Callable[[Pressed], Awaitable[None]]


async def on_press(update: Update, context: DeskContext) -> None:
    """Do what the button says; a refusal is its answer."""
    query = update.callback_query
    if query is None:
        return
    try:
        press = Press.unpack(query.data or "")
        _check_role(context.member.role, press.action)
        await ACTIONS[press.action](Pressed(query, context, press))
        await _forget_question(query, context, press)
    except StorageError:
        raise
    except DeskError as error:
        log.info("a press was refused: %s", error.code)
        alert = not isinstance(error, Stale)
        await _answer(query, sentence(error, context.texts), alert=alert)


async def _forget_question(query: CallbackQuery, context: DeskContext, press: Press) -> None:
    """Who presses another button has moved on from the question about that draft."""
    if press.action in _ABOUT_DRAFTS and query.message is not None:
        await forget(
            context,
            chat_id=query.message.chat.id,
            user_id=query.from_user.id,
            update_id=SUPERSEDED,
            draft_id=press.target,
        )


async def _answer(query: CallbackQuery, text: str, *, alert: bool = False) -> None:
    try:
        await query.answer(text[:ANSWER_MAX] or None, show_alert=alert)
    except TelegramError as error:
        # What the button did is done; only the words for it did not arrive.
        log.info("a press could not be answered: %s", error)


async def _approve(pressed: Pressed) -> None:
    press = pressed.press
    try:
        await pressed.services.schedule.approve(
            press.target, press.version, pressed.actor, when=press.when, free_slot=True
        )
    except (TimeInPast, SlotTaken):
        # The card is drawn anew, with the slot that is free now.
        await pressed.services.drafts.show(press.target)
        raise
    await pressed.answer(await _outcome(pressed))


async def _at(pressed: Pressed) -> None:
    """A time was picked: approve for it, or move what is approved."""
    press, schedule = pressed.press, pressed.services.schedule
    draft = await pressed.draft()
    change = schedule.schedule if draft.state in _APPROVED else schedule.approve
    when = press.when or pressed.services.clock.now()
    await change(press.target, press.version, pressed.actor, when=when)
    await pressed.answer(await _outcome(pressed))
    await _close_echo(pressed.query)


async def _outcome(pressed: Pressed) -> str:
    draft = await pressed.services.drafts.get(pressed.press.target)
    when = pressed.press.when
    if draft.state is DraftState.APPROVED:
        return pressed.texts("done.approved")
    if when is None:
        return pressed.texts("done.now")
    zone = ZoneInfo((await pressed.services.members.brand()).zone)
    now = pressed.services.clock.now()
    return pressed.texts("done.scheduled", when=pressed.texts.day_and_time(when, zone, now=now))


async def _close_echo(query: CallbackQuery) -> None:
    """A time that was confirmed or changed has no buttons any more; a card keeps its own."""
    message = query.message
    if message is None or getattr(message, "photo", None) != ():
        return
    try:
        await query.edit_message_reply_markup(None)
    except TelegramError as error:
        log.info("an echo kept its buttons: %s", error)


async def _times(pressed: Pressed) -> None:
    await pressed.draft()
    await pressed.answer()
    await _show_sheet(pressed, "times")


async def _back(pressed: Pressed) -> None:
    await pressed.answer()
    await _show_sheet(pressed, "main")


async def _show_sheet(pressed: Pressed, name: str) -> None:
    """Other buttons under the same card, until its next change draws it anew."""
    painter = await card_painter(pressed.services, pressed.press.target, pressed.texts)
    keyboard = painter.keyboard()
    try:
        await pressed.query.edit_message_reply_markup(
            keyboard.times() if name == "times" else keyboard.main()
        )
    except BadRequest as error:
        if "not modified" not in str(error).lower():
            raise
    async with pressed.services.store.write() as tx:
        for card in await tx.cards.find(draft_id=pressed.press.target):
            picture = card.shown.partition(":")[0]
            await tx.cards.touch(card.id, shown=f"{picture}:")


def _asking(field: str) -> Do:
    """A button that asks for words."""

    async def run(pressed: Pressed) -> None:
        draft = await pressed.draft()
        await pressed.answer()
        await ask(pressed.query, pressed.context, draft, field)
        await _close_echo(pressed.query)

    return run


async def _show(pressed: Pressed) -> None:
    message = pressed.query.message
    chat_id = message.chat.id if message is not None else pressed.context.member.user_id
    thread_id = getattr(message, "message_thread_id", None)
    topic = thread_id if getattr(message, "is_topic_message", None) else None
    await pressed.services.drafts.show(
        pressed.press.target, afresh=True, chat_id=chat_id, thread_id=topic
    )
    await pressed.answer()


async def _language(pressed: Pressed) -> None:
    if pressed.press.extra not in languages():
        raise Stale
    await pressed.services.members.speak(pressed.context.member, pressed.press.extra)
    await pressed.answer(load(pressed.press.extra)("language_choice.done"))


async def _post_again(pressed: Pressed) -> None:
    await pressed.services.publishing.post_again(pressed.press.target, pressed.actor)
    await pressed.answer(pressed.texts("done.posting"))


async def _seen(pressed: Pressed) -> None:
    await pressed.services.publishing.seen(pressed.press.target, pressed.actor)
    await pressed.answer(pressed.texts("done.resolved"))


async def _drop(pressed: Pressed) -> None:
    await pressed.services.publishing.drop(pressed.press.target, pressed.actor)
    await pressed.answer(pressed.texts("done.resolved"))


async def _unschedule(pressed: Pressed) -> None:
    press = pressed.press
    await pressed.services.schedule.unschedule(press.target, press.version, pressed.actor)
    await pressed.answer(pressed.texts("done.unscheduled"))


DraftChange = Callable[[DraftService, int, int, Actor], Awaitable[Draft]]


def _changing(change: DraftChange, done: str) -> Do:
    """A button that is one call of the draft service; the card follows by itself."""

    async def run(pressed: Pressed) -> None:
        press = pressed.press
        await change(pressed.services.drafts, press.target, press.version, pressed.actor)
        await pressed.answer(pressed.texts(f"done.{done}"))

    return run


ACTIONS: dict[Action, Do] = {
    Action.APPROVE: _approve,
    Action.NOW: _at,
    Action.AT: _at,
    Action.TIMES: _times,
    Action.TYPE_TIME: _asking(TIME),
    Action.BACK: _back,
    Action.REGENERATE: _changing(DraftService.regenerate, "painting"),
    Action.LOOK_AGAIN: _changing(DraftService.look_again, "looking"),
    Action.KEEP_PREVIOUS: _changing(DraftService.keep_previous, "kept"),
    Action.THEME: _changing(DraftService.change_theme, "theme"),
    Action.DISCARD: _changing(DraftService.discard, "discarded"),
    Action.RESTORE: _changing(DraftService.restore, "restored"),
    Action.EDIT_TEXT: _asking(CAPTION),
    Action.EDIT_PROMPT: _asking(PROMPT),
    Action.UNSCHEDULE: _unschedule,
    Action.SHOW: _show,
    Action.SEEN: _seen,
    Action.POST_AGAIN: _post_again,
    Action.DROP: _drop,
    Action.LANGUAGE: _language,
}
