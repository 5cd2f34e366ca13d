"""A clock on which waiting costs nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class FakeClock:
    """Sleeping moves the time on, except for a lease's heartbeat: that waits for others to do so.

    `slept` holds what was slept, in order.
    """

    def __init__(self, now: datetime = START) -> None:
        """Stands still at `now`."""
        self._now = now
        self._monotonic = 1000.0
        self._patient: list[tuple[float, asyncio.Future[None]]] = []
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The present instant."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return self._monotonic

    def advance(self, step: timedelta | float) -> None:
        """Let time pass."""
        seconds = step.total_seconds() if isinstance(step, timedelta) else step
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        due = [future for until, future in self._patient if until <= self._monotonic]
        self._patient = [one for one in self._patient if one[0] > self._monotonic]
        for future in due:
            if not future.done():
                future.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Be there at once."""
        if _is_heartbeat():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._patient.append((self._monotonic + seconds, future))
            await future
            return
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)


def _is_heartbeat() -> bool:
    task = asyncio.current_task()
    coroutine = task.get_coro() if task else None
    return getattr(coroutine, "__name__", "") == "_beat"
