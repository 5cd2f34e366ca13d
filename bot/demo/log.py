"""Everything that happened, numbered, for the page's event stream and the transcript."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

KEPT = 20_000


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that people can see."""

    id: int
    kind: str
    at: float
    data: dict[str, Any]


class EventLog:
    """The numbered events, and the queues of those who listen."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._listeners: set[asyncio.Queue[Event | None]] = set()
        self.last_id = 0

    def add(self, kind: str, data: dict[str, Any], *, at: float) -> Event:
        """Appends an event and tells every listener."""
        self.last_id += 1
        event = Event(id=self.last_id, kind=kind, at=at, data=data)
        self._events.append(event)
        for listener in self._listeners:
            listener.put_nowait(event)
        return event

    def after(self, event_id: int, kinds: Collection[str] = ()) -> list[Event]:
        """The kept events that came after that id, of these kinds (none named: of all)."""
        return [e for e in self._events if e.id > event_id and (not kinds or e.kind in kinds)]

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Queue[Event | None]]:
        """A queue that gets every new event, and None when the server stops."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Tells every listener to go home."""
        for listener in self._listeners:
            listener.put_nowait(None)
