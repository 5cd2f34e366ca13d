"""Time that begins on a Tuesday morning and can be brought forward; short waits cost none."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

#: 09:00 in Istanbul; far ahead of real time, so that no alarm of the scheduler rings by itself
MORNING = datetime(2031, 3, 4, 6, 0, tzinfo=UTC)
#: paces and polls wait at most this long; the beat of a lease (5 s) waits in real time
SKIPPED = 4.5


class EagerClock:
    """Passes like real time; a sleep of `SKIPPED` seconds or less moves it on instead."""

    def __init__(self, begins: datetime = MORNING) -> None:
        self._begins = begins
        self._at = time.monotonic()
        self._offset = 0.0
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._begins + timedelta(seconds=time.monotonic() - self._at + self._offset)

    def monotonic(self) -> float:
        return time.monotonic() + self._offset

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        if seconds <= SKIPPED:
            self._offset += max(0.0, seconds)
            await asyncio.sleep(0)
            return
        while (left := until - self.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), left)

    def advance(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self._offset += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    def advance_to(self, instant: datetime) -> None:
        """Let time pass until a second after `instant`."""
        self.advance(max(0.0, (instant - self.now()).total_seconds()) + 1.0)
