"""What holds for whatever runs jobs, the tests' own runner included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from app.ports import Jobs
from app.storage.database import Database
from app.work.embedded import EmbeddedJobs
from tests.fakes.jobs import HandJobs


class Embedded:
    """The real runner, which works by itself."""

    def __init__(self) -> None:
        self.jobs = EmbeddedJobs()

    async def settle(self) -> None:
        """Give it the time to do what it wants to do."""
        await asyncio.sleep(0.03)


class ByHand:
    """The tests' runner, which works when asked."""

    def __init__(self) -> None:
        self.jobs = HandJobs()

    async def settle(self) -> None:
        """Do everything now."""
        await self.jobs.ring(datetime.now(UTC))
        await self.jobs.run_all()


@asynccontextmanager
async def running(kind: type[Embedded | ByHand]) -> AsyncIterator[Embedded | ByHand]:
    runner = kind()
    runner.jobs.start()
    yield runner
    await runner.jobs.stop(grace=0.1)


@pytest.fixture(params=[Embedded, ByHand])
async def runner(request: pytest.FixtureRequest) -> AsyncIterator[Embedded | ByHand]:
    async with running(request.param) as made:
        yield made


class Ledger:
    """What was run."""

    def __init__(self, jobs: Jobs) -> None:
        self.ran: list[int] = []
        self.rang = 0
        jobs.handle("note", self.run)
        jobs.on_wake(self.ring)

    async def run(self, row_id: int) -> None:
        self.ran.append(row_id)

    async def ring(self) -> None:
        self.rang += 1


async def test_a_job_runs_after_the_commit_and_not_before(
    runner: Embedded | ByHand, store: Database
) -> None:
    ledger = Ledger(runner.jobs)
    async with store.write() as tx:
        await runner.jobs.submit(tx, "note", [1, 2])
        await runner.settle()
        assert ledger.ran == []
    await runner.settle()
    assert sorted(ledger.ran) == [1, 2]


async def take_back(runner: Embedded | ByHand, store: Database) -> None:
    async with store.write() as tx:
        await runner.jobs.submit(tx, "note", [1])
        raise ZeroDivisionError


async def test_a_job_of_a_transaction_that_failed_never_runs(
    runner: Embedded | ByHand, store: Database
) -> None:
    ledger = Ledger(runner.jobs)
    with pytest.raises(ZeroDivisionError):
        await take_back(runner, store)
    await runner.settle()
    assert ledger.ran == []


async def test_a_job_submitted_by_a_job_runs_too(
    runner: Embedded | ByHand, store: Database
) -> None:
    ledger = Ledger(runner.jobs)

    async def first(row_id: int) -> None:
        async with store.write() as tx:
            await runner.jobs.submit(tx, "note", [row_id + 1])

    runner.jobs.handle("first", first)
    async with store.write() as tx:
        await runner.jobs.submit(tx, "first", [1])
    await runner.settle()
    await runner.settle()
    assert ledger.ran == [2]


async def test_an_alarm_that_is_past_rings_at_once(runner: Embedded | ByHand) -> None:
    ledger = Ledger(runner.jobs)
    runner.jobs.wake_at(datetime.now(UTC) - timedelta(hours=1))
    await runner.settle()
    assert ledger.rang == 1


async def test_an_alarm_that_lies_ahead_does_not_ring_yet(runner: Embedded | ByHand) -> None:
    ledger = Ledger(runner.jobs)
    runner.jobs.wake_at(datetime.now(UTC) + timedelta(hours=1))
    await runner.settle()
    assert ledger.rang == 0


async def test_an_earlier_alarm_replaces_a_later_one(runner: Embedded | ByHand) -> None:
    ledger = Ledger(runner.jobs)
    runner.jobs.wake_at(datetime.now(UTC) + timedelta(hours=1))
    runner.jobs.wake_at(datetime.now(UTC))
    await runner.settle()
    assert ledger.rang == 1


async def test_a_later_alarm_replaces_an_earlier_one(runner: Embedded | ByHand) -> None:
    ledger = Ledger(runner.jobs)
    runner.jobs.wake_at(datetime.now(UTC) + timedelta(seconds=0.01))
    runner.jobs.wake_at(datetime.now(UTC) + timedelta(hours=1))
    await runner.settle()
    assert ledger.rang == 0


@pytest.mark.parametrize("set_before", [True, False])
async def test_no_alarm_at_all_does_not_ring(runner: Embedded | ByHand, set_before: bool) -> None:
    ledger = Ledger(runner.jobs)
    if set_before:
        runner.jobs.wake_at(datetime.now(UTC) + timedelta(seconds=0.01))
    runner.jobs.wake_at(None)
    await runner.settle()
    assert ledger.rang == 0
