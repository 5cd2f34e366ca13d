"""Failures on order: the next calls of a method go wrong in a chosen way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

KINDS = ("429", "500", "502", "timeout", "drop", "html", "400", "403")


@dataclass(kw_only=True)
class Fault:
    """One ordered failure; `after` lets the method take effect first."""

    method: str
    kind: str
    times: int = 1
    chat_id: int | None = None
    retry_after: int = 3
    seconds: float = 30.0
    description: str | None = None
    after: bool = False

    def strikes(self, method: str, chat_id: int | str | None) -> bool:
        """Whether it is meant for this call."""
        named = self.method == "*" or self.method.lower() == method.lower()
        return named and self.chat_id in (None, chat_id)


class Faults:
    """The failures that still wait for their call."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._over = asyncio.Event()
        self.holding = asyncio.Event()

    def order(self, fault: Fault) -> None:
        """Lets that failure wait for its call."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Takes all orders back and lets held calls go."""
        self._waiting.clear()
        self._over.set()
        self._over = asyncio.Event()

    def take(self, method: str, chat_id: int | str | None) -> Fault | None:
        """The failure for this call, counted down."""
        fault = next((f for f in self._waiting if f.strikes(method, chat_id)), None)
        if fault is None:
            return None
        fault.times -= 1
        if fault.times <= 0:
            self._waiting.remove(fault)
        return fault

    async def hold(self, seconds: float) -> None:
        """Waits that long, or until the faults are cleared or the server stops."""
        self.holding.set()
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return

    def close(self) -> None:
        """Lets held calls go."""
        self.clear()
