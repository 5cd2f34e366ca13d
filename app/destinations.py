"""The channels we publish to: connected, checked, found broken."""

from __future__ import annotations

from app.announcements import AnnouncementService
from app.models import AnnouncementKind, Destination, DestinationState, DraftState
from app.ports import Clock, Store
from app.transactions import Transaction

REDRAWN = 30
_NAMING_CHANNELS = (DraftState.REVIEW, DraftState.APPROVED)


class DestinationService:
    """Destinations of the brand, by kind and address."""

    def __init__(self, *, store: Store, clock: Clock, announcements: AnnouncementService) -> None:
        """Changes are announced to the owners."""
        self._store = store
        self._clock = clock
        self._announcements = announcements

    async def active(self, brand_id: int) -> list[Destination]:
        """Where a post would go now."""
        async with self._store.read() as tx:
            return await tx.destinations.find(brand_id=brand_id, state=DestinationState.ACTIVE)

    async def all(self, brand_id: int) -> list[Destination]:
        """Every destination, broken ones too."""
        async with self._store.read() as tx:
            return await tx.destinations.find(brand_id=brand_id)

    async def connect(
        self,
        *,
        brand_id: int,
        kind: str,
        address: str,
        title: str,
        username: str | None,
        added_by: int | None,
    ) -> Destination:
        """Add a destination or bring it back; said once, when that changes something."""
        facts = {"title": title, "username": username, "checked_at": self._clock.now()}
        async with self._store.write() as tx:
            found = await tx.destinations.find(kind=kind, address=address)
            if found and found[0].state is DestinationState.ACTIVE:
                return await tx.destinations.touch(found[0].id, **facts)
            if found:
                row = await tx.destinations.touch(
                    found[0].id, state=DestinationState.ACTIVE, problem=None, **facts
                )
            else:
                row = await tx.destinations.add(
                    brand_id=brand_id,
                    kind=kind,
                    address=address,
                    state=DestinationState.ACTIVE,
                    added_by=added_by,
                    created_at=self._clock.now(),
                    **facts,
                )
            await self._announcements.say(
                tx, AnnouncementKind.DESTINATION_CONNECTED, brand_id=brand_id, title=title
            )
            await self._redraw(tx, brand_id)
            return row

    async def broken(self, *, kind: str, address: str, problem: str) -> None:
        """Post nothing there until it is connected again; said once."""
        async with self._store.write() as tx:
            found = await tx.destinations.find(
                kind=kind, address=address, state=DestinationState.ACTIVE
            )
            for row in found:
                await tx.destinations.touch(
                    row.id,
                    state=DestinationState.BROKEN,
                    problem=problem,
                    checked_at=self._clock.now(),
                )
                await self._announcements.say(
                    tx,
                    AnnouncementKind.DESTINATION_BROKEN,
                    brand_id=row.brand_id,
                    title=row.title,
                    problem=problem,
                )
                await self._redraw(tx, row.brand_id)

    async def _redraw(self, tx: Transaction, brand_id: int) -> None:
        """Open cards name the channel and the next free time: both changed."""
        for draft in await tx.drafts.find(
            brand_id=brand_id, state=_NAMING_CHANNELS, order="-id", limit=REDRAWN
        ):
            await self._announcements.say(
                tx, AnnouncementKind.CARD, brand_id=brand_id, draft_id=draft.id
            )
