"""Jobs that run when the test says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from app.ports import Run
from app.transactions import Transaction


class HandJobs:
    """Queues what was submitted; `run_all` does it, one after another, until nothing is left."""

    def __init__(self) -> None:
        """Nothing is queued."""
        self.queued: list[tuple[str, int]] = []
        self.alarm: datetime | None = None
        self._runs: dict[str, Run] = {}
        self._wake: Callable[[], Awaitable[None]] | None = None

    def handle(self, task: str, run: Run) -> None:
        """Name the function that does `task`."""
        self._runs[task] = run

    def on_wake(self, run: Callable[[], Awaitable[None]]) -> None:
        """Name the function that the alarm calls."""
        self._wake = run

    async def submit(self, tx: Transaction, task: str, ids: Collection[int]) -> None:
        """Queue after the commit; what is queued already stays queued once."""
        for row_id in ids:
            tx.after(lambda one=(task, row_id): self._queue(one))  # type: ignore[misc]

    def wake_at(self, due: datetime | None) -> None:
        """Remember when to ring."""
        self.alarm = due

    def every(self, seconds: float, run: Callable[[], Awaitable[None]]) -> None:
        """The test itself does what happens every few seconds."""

    def start(self) -> None:
        """Nothing runs by itself."""

    async def stop(self, *, grace: float) -> None:
        """Nothing runs by itself."""

    async def run_all(self) -> None:
        """Do everything, also what the work itself submits."""
        while self.queued:
            task, row_id = self.queued.pop(0)
            await self._runs[task](row_id)

    async def ring(self, now: datetime) -> None:
        """Call the alarm's function if its time has come."""
        if self.alarm is not None and self.alarm <= now and self._wake is not None:
            self.alarm = None
            await self._wake()

    def lose_everything(self) -> None:
        """What a crash does to queued work and alarm."""
        self.queued.clear()
        self.alarm = None

    def _queue(self, one: tuple[str, int]) -> None:
        if one not in self.queued:
            self.queued.append(one)
