"""The server's own clock, which can be moved."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970, plus whatever it was advanced by."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since 1970 as this server sees them."""
        return self._source() + self._offset

    def seconds(self) -> int:
        """The same in whole seconds, as Telegram's dates are."""
        return int(self.now())

    def advance(self, seconds: float) -> None:
        """Moves the clock by that many seconds."""
        self._offset += seconds
