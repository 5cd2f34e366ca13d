"""The runner within this process: how it repeats, fails and stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.storage.database import Database
from app.work.embedded import EmbeddedJobs


@pytest.fixture
async def jobs() -> AsyncIterator[EmbeddedJobs]:
    made = EmbeddedJobs()
    made.start()
    yield made
    await made.stop(grace=0)


async def submit(jobs: EmbeddedJobs, store: Database, task: str, *ids: int) -> None:
    async with store.write() as tx:
        await jobs.submit(tx, task, ids)


async def test_nothing_runs_before_the_start(store: Database) -> None:
    jobs, ran = EmbeddedJobs(), asyncio.Event()

    async def run(_row_id: int) -> None:
        ran.set()

    jobs.handle("note", run)
    await submit(jobs, store, "note", 1)
    await asyncio.sleep(0.02)
    assert not ran.is_set()
    jobs.start()
    await asyncio.wait_for(ran.wait(), 1)
    await jobs.stop(grace=0)


async def test_a_job_that_fails_is_logged_and_stops_no_other(
    jobs: EmbeddedJobs, store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ran = asyncio.Event()

    async def run(row_id: int) -> None:
        if row_id == 1:
            raise ValueError("no such luck")
        ran.set()

    jobs.handle("note", run)
    await submit(jobs, store, "note", 1)
    await submit(jobs, store, "note", 2)
    await asyncio.wait_for(ran.wait(), 1)
    assert [(r.message, str(r.exc_info and r.exc_info[1])) for r in caplog.records] == [
        ("a job failed", "no such luck")
    ]


async def test_stopping_lets_a_job_finish_within_its_grace(
    jobs: EmbeddedJobs, store: Database
) -> None:
    begun, ends = asyncio.Event(), []

    async def run(_row_id: int) -> None:
        begun.set()
        await asyncio.sleep(0.02)
        ends.append("finished")

    jobs.handle("note", run)
    await submit(jobs, store, "note", 1)
    await asyncio.wait_for(begun.wait(), 1)
    await jobs.stop(grace=1)
    assert ends == ["finished"]


async def test_stopping_cancels_what_takes_longer(jobs: EmbeddedJobs, store: Database) -> None:
    begun, ends = asyncio.Event(), []

    async def run(_row_id: int) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    jobs.handle("note", run)
    await submit(jobs, store, "note", 1)
    await asyncio.wait_for(begun.wait(), 1)
    await jobs.stop(grace=0.01)
    assert ends == ["cancelled"]


@pytest.mark.parametrize("turns", range(12))
async def test_after_the_stop_nothing_runs_any_more(store: Database, turns: int) -> None:
    """However far a job had come on its way through the scheduler when the stop came."""
    jobs, running = EmbeddedJobs(), set()

    async def run(row_id: int) -> None:
        running.add(row_id)
        try:
            await asyncio.sleep(0.01)
        finally:
            running.discard(row_id)

    jobs.handle("note", run)
    jobs.start()
    await submit(jobs, store, "note", 1, 2, 3)
    for _ in range(turns):
        await asyncio.sleep(0)
    await jobs.stop(grace=0)
    began = set(running)
    await asyncio.sleep(0.005)
    assert (began, running) == (set(), set())


async def test_a_stop_without_a_start_is_harmless() -> None:
    await EmbeddedJobs().stop(grace=0)


async def test_what_is_repeated_is_never_twice_at_once(jobs: EmbeddedJobs) -> None:
    active, most, rounds = 0, 0, 0

    async def run() -> None:
        nonlocal active, most, rounds
        active, rounds = active + 1, rounds + 1
        most = max(most, active)
        await asyncio.sleep(0.03)
        active -= 1

    jobs.every(0.005, run)
    async with asyncio.timeout(2):
        while rounds < 3:  # noqa: ASYNC110 - what is repeated rings no bell
            await asyncio.sleep(0.01)
    assert most == 1


async def test_what_is_repeated_goes_on_after_a_failure(
    jobs: EmbeddedJobs, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = asyncio.Semaphore(0)

    async def run() -> None:
        rounds.release()
        raise ValueError("again")

    jobs.every(0.005, run)
    async with asyncio.timeout(2):
        for _ in range(3):
            await rounds.acquire()
    assert {record.message for record in caplog.records} == {"a job failed"}
