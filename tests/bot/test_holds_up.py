"""The bot when something gives way: it closes its door, keeps its word, or ends in a sentence."""

from __future__ import annotations

import asyncio

import pytest
from telegram import Update
from telegram.ext import TypeHandler

from app.errors import StorageBusy
from app.models import DraftState, Role
from bot.application import prune
from bot.callback_data import Action
from bot.context import DeskContext
from bot.demo.faults import Fault
from tests.bot.driver import Desk
from tests.bot.test_stale_and_double import colleague


async def failing_check(_update: Update, _context: DeskContext) -> None:
    """An access check whose database does not answer."""
    raise StorageBusy


async def test_nobody_gets_in_while_the_access_check_fails(desk: Desk) -> None:
    await desk.made()
    handlers = desk.bot.application.handlers
    handlers[-1][:] = [TypeHandler(Update, failing_check)]
    before = len(desk.of_bot())
    await desk.say("/drafts")
    await desk.told("error.storage_busy")
    said = [message["text"] for message in desk.of_bot()[before:]]
    assert set(said) == {desk.texts("error.storage_busy")}


@pytest.mark.troubled
async def test_a_token_that_is_refused_while_it_runs_ends_the_bot_in_a_sentence(
    desk: Desk,
) -> None:
    desk.world.token = "42:the-token-was-revoked"
    await desk.say("/drafts")
    async with asyncio.timeout(10):
        sentence = await desk.bot.fatal
    assert sentence == desk.texts("notice.token_refused")


async def test_an_ok_tapped_twice_is_one_post(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    await desk.say("in 2 h")
    echo = await desk.told("ask.confirm_time")
    found = desk.button(Action.AT, chat_id=desk.person.id, extra=None, number=None)
    assert found is not None
    taps = [desk.tap_data(echo["message_id"], found[1]) for _twice in range(2)]
    for tap in taps:
        await desk.answer_to(tap)
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert len(await tx.posts.find(draft_id=1)) == 1
        assert await tx.inbox.open() == []


async def test_a_lost_answer_leaves_the_approval_as_it_is(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    desk.world.faults.order(Fault(method="answerCallbackQuery", kind="500", after=True))
    message, data = await desk.until(
        lambda: desk.button(Action.APPROVE, chat_id=desk.person.id, extra=None, number=None),
        "the approve button",
    )
    desk.tap_data(message["message_id"], data)
    await desk.draft_in(DraftState.SCHEDULED)
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert len(await tx.posts.find(draft_id=1)) == 1


async def test_a_notice_outlasts_an_outage_of_telegram(desk: Desk) -> None:
    desk.world.faults.order(Fault(method="sendMessage", kind="502", times=2))
    desk.connect()
    await desk.told("notice.connected")
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert [one.attempts for one in await tx.announcements.find()] == [0]


async def test_a_second_owner_gets_the_card_where_they_asked(desk: Desk) -> None:
    await desk.made()
    grace = await colleague(desk, role=Role.OWNER)
    await desk.say("/drafts", who=grace)
    await desk.tap(Action.SHOW, who=grace, chat_id=grace.id)
    assert await desk.card_is("review", chat_id=grace.id)


async def test_an_author_writes_and_does_not_decide(desk: Desk) -> None:
    await desk.made()
    grace = await colleague(desk, role=Role.AUTHOR)
    await desk.say("/drafts", who=grace)
    await desk.tap(Action.SHOW, who=grace, chat_id=grace.id)
    await desk.card_is("review", chat_id=grace.id)
    answer = await desk.tap(Action.APPROVE, who=grace, chat_id=grace.id)
    assert answer == desk.texts("error.author")
    assert (await desk.draft()).state is DraftState.REVIEW


async def test_a_topic_after_another_button_is_a_topic_again(desk: Desk) -> None:
    await desk.made()
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.tap(Action.THEME)
    await desk.say(desk.topic)
    await desk.card_is("review", number=2)


async def test_what_was_handled_keeps_no_words_and_goes_after_a_week(desk: Desk) -> None:
    await desk.say("/drafts")
    await desk.told("drafts.none")
    await desk.quiet()
    desk.clock.advance(8 * 86_400)
    await prune(desk.services)
    async with desk.services.store.read() as tx:
        assert await tx.announcements.find() == []
    assert b"/drafts" not in (desk.folder / "bot.db").read_bytes()
