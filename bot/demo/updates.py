"""The bot's update queue: getUpdates with offset as acknowledgement, or a webhook."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from bot.demo.records import Json
from bot.demo.refusals import OTHER_POLLER, WEBHOOK_ACTIVE, conflict

FIRST_ID = 700_000_001
# Telegram sends these only to bots that name them.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
LIMIT = 100


class Updates:
    """Updates that the bot has not acknowledged, oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[Json] = deque()
        self._next_id = FIRST_ID
        self._poll: asyncio.Event | None = None
        self._wakers: list[Callable[[], None]] = []
        self.allowed: frozenset[str] | None = None
        self.webhook_active = False
        self.closed = False
        self.poll_began = asyncio.Event()

    def add(self, kind: str, payload: Json) -> int | None:
        """Queues an update; None when the bot does not want this kind."""
        if not self.wanted(kind):
            return None
        update_id = self._next_id
        self._next_id += 1
        self._waiting.append({"update_id": update_id, kind: payload})
        self._wake()
        return update_id

    def wanted(self, kind: str) -> bool:
        """Whether the remembered allowed_updates lets this kind through."""
        return kind in self.allowed if self.allowed else kind not in ON_REQUEST

    def remember_allowed(self, kinds: Iterable[str]) -> None:
        """Keeps allowed_updates for the updates to come; an empty list is the default set."""
        self.allowed = frozenset(kinds) or None

    def pending(self) -> int:
        """How many updates wait."""
        return len(self._waiting)

    def batch(self, limit: int = LIMIT) -> list[Json]:
        """The oldest waiting updates, which stay until they are acknowledged."""
        return list(islice(self._waiting, limit))

    def acknowledge(self, offset: int) -> None:
        """Forgets what came before `offset`; a negative one keeps only the newest."""
        if offset < 0:
            while len(self._waiting) > -offset:
                self._waiting.popleft()
        while offset > 0 and self._waiting and self._waiting[0]["update_id"] < offset:
            self._waiting.popleft()

    def clear(self) -> None:
        """Forgets everything that waits; ids go on."""
        self._waiting.clear()

    def on_update(self, waker: Callable[[], None]) -> None:
        """Calls that function whenever something was queued, and when the server stops."""
        self._wakers.append(waker)

    async def poll(self, *, offset: int, limit: int, seconds: float) -> list[Json]:
        """One getUpdates; a newer poll ends it with 409, `close` ends it with nothing."""
        if self.webhook_active:
            raise conflict(WEBHOOK_ACTIVE)
        self._wake()
        self.poll_began.set()
        mine = self._poll = asyncio.Event()
        self.acknowledge(offset)
        if not self._waiting and seconds > 0 and not self.closed:
            await _wait(mine, seconds)
        if self._poll is not mine:
            raise conflict(OTHER_POLLER)
        self._poll = None
        return self.batch(max(1, min(limit or LIMIT, LIMIT)))

    def close(self) -> None:
        """Lets every waiting poll answer at once."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if self._poll:
            self._poll.set()
        for waker in self._wakers:
            waker()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
