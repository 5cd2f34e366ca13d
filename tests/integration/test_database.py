"""Transactions on a real file: pragmas, locks, cancellation, a full disk."""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from app.errors import StorageBusy, StorageError, StorageFull
from app.storage.database import Database, SqlTransaction


@pytest.fixture
async def impatient(folder: Path) -> AsyncIterator[Database]:
    """A database that waits for nobody."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'bot.db'}", busy_seconds=0.01)
    yield database
    await database.close()


async def pragma(tx: SqlTransaction, name: str) -> object:
    return (await tx.connection.execute(text(f"PRAGMA {name}"))).scalar()


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize("name,value", PRAGMAS.items())
async def test_the_writer_is_set_up_for_safety(store: Database, name: str, value: object) -> None:
    async with store.write() as tx:
        assert await pragma(tx, name) == value


@pytest.mark.parametrize("name,value", PRAGMAS.items())
async def test_every_reader_is_set_up_alike(store: Database, name: str, value: object) -> None:
    async with store.read() as one, store.read() as two:
        assert [await pragma(one, name), await pragma(two, name)] == [value, value]


async def test_a_read_transaction_refuses_writes(store: Database) -> None:
    with pytest.raises(StorageError):
        async with store.read() as tx:
            await tx.notes.put("key", "value")
    async with store.read() as tx:
        assert await tx.notes.get("key") is None


async def test_a_reader_sees_one_moment(store: Database) -> None:
    async with store.read() as tx:
        assert await tx.notes.get("key") is None
        async with store.write() as other:
            await other.notes.put("key", "new")
        assert await tx.notes.get("key") is None


async def write_and_fail(store: Database, then: Callable[[], None] = lambda: None) -> None:
    async with store.write() as tx:
        tx.after(then)
        await tx.notes.put("key", "value")
        raise ZeroDivisionError


async def test_an_error_takes_everything_back(store: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await write_and_fail(store)
    async with store.read() as tx:
        assert await tx.notes.get("key") is None


async def test_actions_run_after_the_commit_in_their_order(store: Database) -> None:
    seen: list[str] = []
    async with store.write() as tx:
        tx.after(lambda: seen.append("first"))
        tx.after(lambda: seen.append("second"))
        await tx.notes.put("key", "value")
        seen.append("body")
    assert seen == ["body", "first", "second"]


async def test_actions_of_a_transaction_that_failed_never_run(store: Database) -> None:
    seen: list[str] = []
    with pytest.raises(ZeroDivisionError):
        await write_and_fail(store, lambda: seen.append("ran"))
    assert seen == []


async def test_fifty_tasks_that_read_and_then_write_lose_no_update(store: Database) -> None:
    """BEGIN IMMEDIATE: between the read and the write nobody else writes."""

    async def claim(number: int) -> str:
        async with store.write() as tx:
            free = int(await tx.notes.get("next") or "0")
            await asyncio.sleep(0)
            await tx.notes.put("next", str(free + 1))
            await tx.notes.put(f"row {free}", f"task {number}")
            return f"row {free}"

    claimed = await asyncio.gather(*(claim(number) for number in range(50)))
    assert len(set(claimed)) == 50


async def test_a_cancelled_task_leaves_no_transaction_open(store: Database) -> None:
    """Cancelled anywhere between BEGIN and COMMIT, a write is whole or absent, and the one
    writer connection is free again at once.
    """
    chance = random.Random(7)

    async def write(number: int) -> None:
        async with store.write() as tx:
            await tx.notes.put(f"a{number}", "x")
            await asyncio.sleep(0)
            await tx.notes.put(f"b{number}", "x")

    for number in range(200):
        task = asyncio.create_task(write(number))
        if number % 2:
            await asyncio.sleep(chance.uniform(0, 0.01))
        else:
            for _ in range(chance.randrange(40)):
                await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with store.write() as tx:
        rows = (await tx.connection.execute(text("SELECT key FROM note"))).scalars().all()
    firsts = {key[1:] for key in rows if key.startswith("a")}
    seconds = {key[1:] for key in rows if key.startswith("b")}
    assert firsts == seconds
    assert 0 < len(firsts) < 200, "the cancels hit both sides of the commit"


async def test_a_task_cancelled_within_a_statement_does_not_leave_the_file_locked(
    impatient: Database,
) -> None:
    """UPDATE ... RETURNING leaves a cursor, and a cursor kept alive keeps SQLite's lock."""
    async with impatient.write() as tx:
        brand = await tx.brands.add(
            name="Brand", zone="UTC", language="en", grid="", created_at=datetime.now(UTC)
        )

    async def rename(number: int) -> None:
        async with impatient.write() as tx:
            row = await tx.brands.get(brand.id)
            await tx.brands.move(row, name=f"Brand {number}")

    kept = []
    for number in range(300):
        task = asyncio.create_task(rename(number))
        await asyncio.sleep(number / 100_000)
        task.cancel()
        kept.append((task, await asyncio.gather(task, return_exceptions=True)))
        await rename(number)


async def test_a_reader_that_is_cancelled_gives_its_connection_back(store: Database) -> None:
    async def read() -> None:
        async with store.read() as tx:
            await tx.notes.get("key")
            await asyncio.sleep(0)
            await tx.notes.get("key")

    for turns in range(30):
        task = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with store.read(), store.read(), store.read(), store.read() as tx:
        assert await tx.notes.get("key") is None


async def test_a_file_that_another_process_holds_is_busy(
    impatient: Database, folder: Path
) -> None:
    other = sqlite3.connect(folder / "bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageBusy) as caught:
        async with impatient.write() as tx:
            await tx.notes.put("key", "value")
    other.execute("ROLLBACK")
    other.close()
    assert caught.value.retryable
    async with impatient.write() as tx:
        await tx.notes.put("key", "value")


async def test_opening_a_file_that_is_locked_whole_is_busy_too(tmp_path: Path) -> None:
    """Not in WAL yet, so the lock keeps even the pragmas out."""
    other = sqlite3.connect(tmp_path / "fresh.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'fresh.db'}", busy_seconds=0.01)
    with pytest.raises(StorageBusy):
        async with database.write():
            pass
    gc.collect()  # a connection that was dropped unclosed would be reported here
    other.execute("ROLLBACK")
    other.close()
    async with database.write() as tx:
        assert await pragma(tx, "journal_mode") == "wal"
    await database.close()


async def test_a_writer_that_waits_too_long_for_its_turn_is_told(impatient: Database) -> None:
    async with impatient.write():
        with pytest.raises(StorageBusy):
            async with impatient.write():
                pass


async def test_a_full_disk_is_told_apart(store: Database) -> None:
    """A cap on the file's pages gives SQLite's own "database or disk is full"."""
    async with store.write() as tx:
        await tx.connection.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageFull):
        async with store.write() as tx:
            await tx.notes.put("key", "x" * 1_000_000)
    async with store.write() as tx:
        await tx.connection.execute(text("PRAGMA max_page_count = 1000000"))
        await tx.notes.put("key", "short")


async def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'bot.db'}")
    before = threading.active_count()
    with pytest.raises(StorageError):
        async with database.read():
            pass
    await database.close()
    async with asyncio.timeout(5):
        while threading.active_count() > before:  # noqa: ASYNC110 - aiosqlite lets it end alone
            await asyncio.sleep(0.001)


async def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"This is a letter to my aunt, not a database." * 100)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    with pytest.raises(StorageError):
        async with database.read() as tx:
            await tx.notes.get("key")
    gc.collect()
    await database.close()


async def test_the_cause_is_kept(impatient: Database, folder: Path) -> None:
    other = sqlite3.connect(folder / "bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageBusy) as caught:
        async with impatient.write():
            pass
    other.close()
    assert "locked" in str(caught.value.__cause__)
