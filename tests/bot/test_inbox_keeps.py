"""Updates: kept before they are acknowledged, handled once and in order, never lost silently."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from telegram import Update
from telegram.ext import MessageHandler, filters

from app.errors import StorageBusy, StorageFull
from bot.application import PollRequest, build_application
from bot.callback_data import Action
from bot.context import DeskContext
from bot.handlers import lists
from bot.inbox import InboxProcessor, InboxQueue
from tests.bot.driver import Desk, served_desk
from tests.bot.test_stale_and_double import colleague

Json = dict[str, Any]


def words(desk: Desk, text: str, *, update_id: int, chat_id: int | None = None) -> Json:
    """An update with a text of the person."""
    who = desk.person.id if chat_id is None else chat_id
    command = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
    return {
        "update_id": update_id,
        "message": {
            "message_id": 1,
            "date": 1_790_000_000,
            "chat": {"id": who, "type": "private", "first_name": "Ada"},
            "from": {"id": who, "is_bot": False, "first_name": "Ada", "language_code": "en"},
            "text": text,
            **({"entities": command} if text.startswith("/") else {}),
        },
    }


async def test_an_update_that_was_kept_but_not_handled_is_handled_after_the_restart(
    desk: Desk,
) -> None:
    await desk.quiet()
    await desk.stop()
    services = await desk.open()
    async with services.store.write() as tx:
        payload = words(desk, f"/prompt {desk.topic}", update_id=9_001)
        await tx.inbox.keep(9_001, payload, now=desk.clock.now())
    await desk.start(services=services)
    await desk.card_is("prompt")
    await desk.quiet()
    await desk.stop()
    await desk.start()
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert len(await tx.topics.find()) == 1


def keep_words(desk: Desk) -> None:
    """Let the updates keep their words when they are closed, so that they can be opened again."""
    with sqlite3.connect(desk.folder / "bot.db") as connection:
        connection.execute(
            "CREATE TRIGGER keep_words AFTER UPDATE OF done_at ON inbox BEGIN"
            " UPDATE inbox SET payload = OLD.payload WHERE update_id = OLD.update_id; END"
        )
    connection.close()


def reopen_inbox(desk: Desk) -> None:
    """What a crash between the effect and the mark leaves."""
    with sqlite3.connect(desk.folder / "bot.db") as connection:
        connection.execute("DROP TRIGGER keep_words")
        connection.execute("UPDATE inbox SET done_at = NULL")
    connection.close()


async def test_an_update_handled_but_not_closed_makes_no_second_draft(desk: Desk) -> None:
    keep_words(desk)
    await desk.say(f"/prompt {desk.topic}")
    await desk.card_is("prompt")
    await desk.quiet()
    await desk.stop()
    reopen_inbox(desk)
    await desk.start()
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert len(await tx.drafts.find()) == 1


async def test_an_answer_handled_but_not_closed_is_no_new_topic(desk: Desk) -> None:
    keep_words(desk)
    await desk.made()
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.say("Answered just before the power went")
    await desk.card_is("review", version=2)
    await desk.quiet()
    await desk.stop()
    reopen_inbox(desk)
    await desk.start()
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert [one.version for one in await tx.drafts.find()] == [2]


async def test_the_same_update_twice_is_handled_once(desk: Desk) -> None:
    application = desk.bot.application
    for _time in range(2):
        update = Update.de_json(words(desk, "/queue", update_id=9_002), application.bot)
        await application.update_queue.put(update)
    await desk.told("queue.none")
    await desk.quiet()
    assert len(desk.of_bot()) == 1


@pytest.mark.troubled
async def test_a_handler_that_always_fails_is_tried_three_times_then_everybody_hears(
    desk: Desk,
) -> None:
    tries = []

    async def broken(update: Update, context: DeskContext) -> None:
        tries.append(update.update_id)
        raise ZeroDivisionError

    handlers = desk.bot.application.handlers[0]
    handlers.insert(0, MessageHandler(filters.Regex("^poison$"), broken))
    other = await colleague(desk)
    update_id = await desk.say("poison", who=other)
    said = await desk.told("error.internal", chat_id=other.id)
    assert str(update_id) in said["text"]
    notice = await desk.told("notice.quarantined")
    assert str(update_id) in notice["text"]
    await desk.quiet()
    assert tries == [update_id] * 3
    assert len(desk.of_bot(other.id)) == 1
    await desk.say("/queue", who=other)
    await desk.told("queue.none", chat_id=other.id)


@pytest.mark.troubled
async def test_a_handler_that_fails_once_does_its_work_at_the_next_try(desk: Desk) -> None:
    tries = []

    async def shaky(update: Update, context: DeskContext) -> None:
        tries.append(update.update_id)
        if len(tries) == 1:
            raise ZeroDivisionError
        await lists.queue(update, context)

    handlers = desk.bot.application.handlers[0]
    handlers.insert(0, MessageHandler(filters.Regex("^/queue$"), shaky))
    await desk.say("/queue")
    await desk.say("/drafts")
    await desk.told("queue.none")
    await desk.told("drafts.none")
    await desk.quiet()
    shown = [m["text"] for m in desk.of_bot()]
    assert shown == [desk.texts("queue.none"), desk.texts("drafts.none")]


async def test_a_chat_keeps_its_order_and_delays_no_other(desk: Desk) -> None:
    """200 updates of a hot chat wait behind a handler that does not end; another is answered."""
    order: list[int] = []
    gate = asyncio.Event()
    other = await colleague(desk)

    async def slow(update: Update, context: DeskContext) -> None:
        await gate.wait()
        order.append(update.update_id)

    handlers = desk.bot.application.handlers[0]
    handlers.insert(0, MessageHandler(filters.Regex("^hot "), slow))
    sent = [await desk.say(f"hot /{number}") for number in range(200)]
    await desk.say("/queue", who=other)
    await desk.told("queue.none", chat_id=other.id)
    assert not order
    gate.set()

    async def all_done() -> bool:
        return len(order) == len(sent)

    await desk.until_row(all_done, "the hot chat's end")
    assert order == sent
    await desk.quiet()


@asynccontextmanager
async def impatient(folder: Path) -> AsyncIterator[Desk]:
    """A desk whose database waits milliseconds, not seconds, for somebody else."""
    async with served_desk(folder, start=False) as desk:
        await desk.used_before()
        for door in (desk.services.store.write, desk.services.store.read):
            async with door() as tx:
                await tx.connection.exec_driver_sql("PRAGMA busy_timeout = 20")  # type: ignore[attr-defined]
        await desk.start(services=desk.services)
        yield desk


@pytest.mark.troubled
async def test_a_locked_database_is_said_once_and_the_message_is_kept(tmp_path: Path) -> None:
    async with impatient(tmp_path) as desk:
        await desk.say("/drafts")
        await desk.told("drafts.none")
        await desk.quiet()
        other = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        await desk.say("/queue")
        await desk.told("error.storage_busy")
        tried = desk.clock.monotonic()
        await desk.until_row(lambda: _later(desk, tried + 3), "some more tries")
        other.execute("ROLLBACK")
        other.close()
        await desk.told("queue.none")
        await desk.quiet()
        assert (
            len([m for m in desk.of_bot() if m["text"] == desk.texts("error.storage_busy")]) == 1
        )


async def _later(desk: Desk, moment: float) -> bool:
    return desk.clock.monotonic() > moment


@pytest.mark.troubled
async def test_a_full_disk_is_said_and_the_message_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    async with impatient(tmp_path) as desk:
        await desk.say("/drafts")
        await desk.told("drafts.none")
        await desk.quiet()
        await _room(desk, 1)
        long = f"/prompt {desk.topic} " + "and a word more " * 25
        for _number in range(12):
            await desk.say(long[:480])
        await desk.told("error.storage_full")
        await _room(desk, 1_000_000)
        await desk.card_is("prompt", number=12)
        await desk.quiet()
        async with desk.services.store.read() as tx:
            assert len(await tx.topics.find()) == 12


async def _room(desk: Desk, pages: int) -> None:
    """As many pages as the file may have; it never shrinks below what it has."""
    async with desk.services.store.write() as tx:
        await tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]


async def test_the_queue_asks_again_until_the_database_takes_the_update(desk: Desk) -> None:
    """The same by itself: told once, kept at last."""
    told: list[object] = []

    class Refusing:
        def __init__(self) -> None:
            self.left = [StorageBusy(), StorageFull(), StorageBusy()]

        def write(self):  # type: ignore[no-untyped-def]
            if self.left:
                raise self.left.pop()
            return desk.services.store.write()

    async def tell(update: Update, error: Exception) -> None:
        told.append(error)

    queue = InboxQueue(store=Refusing(), clock=desk.clock, tell=tell)  # type: ignore[arg-type]
    update = Update.de_json(words(desk, "/queue", update_id=9_003), desk.bot.application.bot)
    await queue.put(update)
    assert queue.get_nowait() is update
    assert len(told) == 1
    async with desk.services.store.write() as tx:
        await tx.inbox.done(9_003, now=desk.clock.now())


async def test_an_application_can_be_built_without_a_running_bot(desk: Desk) -> None:
    services = desk.services
    brand = await services.members.brand()

    async def tell(update: Update, error: Exception) -> None:
        raise AssertionError

    queue = InboxQueue(store=services.store, clock=services.clock, tell=tell)
    processor = InboxProcessor(
        store=services.store, clock=services.clock, brand_id=brand.id, tell=tell
    )
    application = build_application(services, queue, processor, PollRequest())
    assert set(application.handlers) == {-1, 0}
