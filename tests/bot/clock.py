"""Real time that can be brought forward; short waits cost none of it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

#: paces and polls wait at most this long; the beat of a lease (5 s) waits in real time
SKIPPED = 4.5
_LOOK = 0.02


class EagerClock:
    """Wall time plus an offset; a sleep of `SKIPPED` seconds or less moves the offset instead."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def monotonic(self) -> float:
        return time.monotonic() + self._offset

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        if seconds <= SKIPPED:
            self._offset += max(0.0, seconds)
            await asyncio.sleep(0)
            return
        while self.monotonic() < until:
            await asyncio.sleep(_LOOK)

    def advance(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self._offset += seconds

    def advance_to(self, instant: datetime) -> None:
        """Let time pass until a second after `instant`."""
        self._offset += max(0.0, (instant - self.now()).total_seconds()) + 1.0
