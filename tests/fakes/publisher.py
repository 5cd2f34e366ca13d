"""A destination in memory, with a ledger that tests judge from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.captions import CAPTION_LIMIT
from app.errors import PublishRejected, PublishUnknown
from app.models import Destination
from app.orders import OutgoingPost, Receipt


@dataclass(frozen=True, kw_only=True)
class Live:
    """One post that people can see."""

    address: str
    post: OutgoingPost
    key: str


@dataclass(kw_only=True)
class FakePublisher:
    """Posts go to `live`; `goes` scripts the next calls, `denied` every preflight.

    A scripted call is an error to raise (before anything is live), or an asyncio.Event to wait
    for; with `live_anyway` the post is live before the call goes wrong.
    """

    kind: str = "telegram"
    dedupe: Literal["key", "verify", "none"] = "none"
    text_limit: int = CAPTION_LIMIT
    live: list[Live] = field(default_factory=list)
    calls: int = 0
    goes: list[BaseException | asyncio.Event] = field(default_factory=list)
    denied: Exception | None = None
    live_anyway: bool = False
    called: asyncio.Event = field(default_factory=asyncio.Event)
    #: set once somebody waits for a turn; `turn`, if any, is what they wait for
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Event | None = None
    #: what happens while the call is under way
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def ready(self, destination: Destination) -> None:
        """Wait for `turn`."""
        self.waiting.set()
        if self.turn is not None:
            await self.turn.wait()

    async def preflight(self, destination: Destination) -> None:
        """Refuse while `denied`."""
        if self.denied is not None:
            raise self.denied

    async def publish(self, destination: Destination, post: OutgoingPost, *, key: str) -> Receipt:
        """Post it, or what the script says."""
        self.calls += 1
        self.called.set()
        wrong = self.goes.pop(0) if self.goes else None
        entry = Live(address=destination.address, post=post, key=key)
        if wrong is not None and self.live_anyway:
            self.live.append(entry)
        if self.meanwhile is not None:
            await self.meanwhile()
        if isinstance(wrong, BaseException):
            raise wrong
        if wrong is not None:
            await wrong.wait()
        if entry not in self.live:
            self.live.append(entry)
        number = str(len(self.live))
        return Receipt(
            remote_id=number, url=f"https://t.me/{destination.username or 'c'}/{number}"
        )

    async def find(self, destination: Destination, *, key: str, since: datetime) -> Receipt | None:
        """Nobody can look."""
        return None

    async def delete(self, destination: Destination, remote_id: str) -> bool:
        """Take it back if it is there."""
        index = int(remote_id) - 1
        if not 0 <= index < len(self.live) or self.live[index].address != destination.address:
            return False
        del self.live[index]
        return True


def transient(words: str = "not reached") -> PublishRejected:
    """Nothing was sent and a later try may do."""
    return PublishRejected(words, reason="transient")


def lost(words: str = "no answer") -> PublishUnknown:
    """The answer never came."""
    return PublishUnknown(words)
