"""Jobs and alarm clock in this process: APScheduler in memory, because the rows are the truth."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from app.ports import Run
from app.transactions import Transaction

log = logging.getLogger(__name__)

_ALARM = "alarm"


class EmbeddedJobs:
    """Runs jobs as tasks of its own: APScheduler's executor would cancel them at shutdown."""

    def __init__(self) -> None:
        """Nothing runs before `start`."""
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True}
        )
        self._runs: dict[str, Run] = {}
        self._wake: Callable[[], Awaitable[None]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def handle(self, task: str, run: Run) -> None:
        """Name the function that does `task`."""
        self._runs[task] = run

    def on_wake(self, run: Callable[[], Awaitable[None]]) -> None:
        """Name the function that the alarm calls."""
        self._wake = run

    def every(self, seconds: float, run: Callable[[], Awaitable[None]]) -> None:
        """Call `run` again and again, never twice at once."""
        turn = asyncio.Lock()

        async def one_at_a_time() -> None:
            if not turn.locked():
                async with turn:
                    await run()

        self._scheduler.add_job(
            self._spawn, IntervalTrigger(seconds=seconds), args=(one_at_a_time,)
        )

    async def submit(self, tx: Transaction, task: str, ids: Collection[int]) -> None:
        """Run `task` for each id once the transaction is committed."""
        for row_id in ids:
            tx.after(lambda row_id=row_id: self._enqueue(task, row_id))  # type: ignore[misc]

    def wake_at(self, due: datetime | None) -> None:
        """Ring at `due`; a moment that is past rings at once."""
        if due is not None:
            self._scheduler.add_job(self._ring, DateTrigger(due), id=_ALARM, replace_existing=True)
            return
        try:
            self._scheduler.remove_job(_ALARM)
        except JobLookupError:
            log.debug("no alarm was set")

    def start(self) -> None:
        """Begin to run jobs and to keep time."""
        self._scheduler.start()

    async def stop(self, *, grace: float) -> None:
        """Take nothing new, give running jobs `grace` seconds, then cancel what is left."""
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.pause()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _enqueue(self, task: str, row_id: int) -> None:
        self._scheduler.add_job(
            self._spawn,
            DateTrigger(datetime.now(UTC)),
            args=(lambda: self._runs[task](row_id),),
            id=f"{task}:{row_id}",
            replace_existing=True,
        )

    async def _ring(self) -> None:
        if self._wake is not None:
            await self._spawn(self._wake)

    async def _spawn(self, run: Callable[[], Awaitable[None]]) -> None:
        if self._stopping:
            return  # it was on its way through the scheduler; its row is found at the next start
        task = asyncio.create_task(_logged(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(run: Callable[[], Awaitable[None]]) -> None:
    """A job's failure is a log line; its rows are found again by the sweep."""
    try:
        await run()
    except Exception:
        log.exception("a job failed")
