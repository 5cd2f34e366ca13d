"""What the domain tells the people. It writes rows; whoever shows them reads what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from app.models import Announcement, AnnouncementKind
from app.ports import Clock, Store
from app.transactions import Transaction


class AnnouncementService:
    """Rows plus a bell, so that the same process shows them at once."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        """The bell is silent until something is said."""
        self._store = store
        self._clock = clock
        self._bell = asyncio.Event()

    async def say(
        self,
        tx: Transaction,
        kind: AnnouncementKind,
        *,
        brand_id: int,
        draft_id: int | None = None,
        **detail: Any,
    ) -> None:
        """Announce inside the caller's transaction."""
        await tx.announcements.add(
            brand_id=brand_id,
            kind=kind,
            draft_id=draft_id,
            detail=detail,
            attempts=0,
            created_at=self._clock.now(),
        )
        tx.after(self._bell.set)

    async def unseen(self, *, limit: int = 100) -> list[Announcement]:
        """What was not shown yet, oldest first."""
        async with self._store.read() as tx:
            return await tx.announcements.unseen(limit=limit)

    async def seen(self, tx: Transaction, announcements: Iterable[Announcement]) -> None:
        """Never show these again."""
        for one in announcements:
            await tx.announcements.touch(one.id, done_at=self._clock.now())

    async def unshown(self, tx: Transaction, announcements: Iterable[Announcement]) -> None:
        """Count a try that failed."""
        for one in announcements:
            await tx.announcements.touch(one.id, attempts=one.attempts + 1)

    def ring(self) -> None:
        """Have the listener look again."""
        self._bell.set()

    async def wait(self, *, at_most: float) -> None:
        """Return when something may be new; `at_most` seconds serve other processes' words."""
        try:
            async with asyncio.timeout(at_most):
                await self._bell.wait()
        except TimeoutError:
            return
        self._bell.clear()
