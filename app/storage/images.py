"""Images, and how long each vendor usually takes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import DraftState, Image, ImageState
from app.storage import tables
from app.storage.rows import TableRows

_OPEN = (
    ImageState.INTENDED,
    ImageState.SUBMITTING,
    ImageState.ACCEPTED,
    ImageState.READY,
)


class ImageRows(TableRows[Image]):
    """Images; a move compares state and fence."""

    table = tables.image
    guards = ("state", "fence")

    async def orphaned(self, *, now: datetime) -> list[Image]:
        """Images that a painting draft waits for and that nobody has in hand."""
        c, d = self.table.c, tables.draft.c
        awaited = select(d.painting_id).where(d.state == DraftState.PAINTING)
        free = or_(c.lease_until.is_(None), c.lease_until <= now)
        return await self.where(c.id.in_(awaited), free)

    async def release(self, *, owner_prefix: str) -> list[Image]:
        """Take the leases from owners that are known to be dead."""
        c = self.table.c
        held = [c.state.in_(_OPEN), c.owner.startswith(owner_prefix, autoescape=True)]
        return await self.change(held, {"lease_until": None, "owner": None})


class PaceRows:
    """The usual seconds of a (provider, model, size) key."""

    def __init__(self, connection: AsyncConnection) -> None:
        """`connection` is the transaction's own."""
        self._connection = connection

    async def usual(self, key: str) -> float | None:
        """The learnt median in seconds, or None before the first picture."""
        query = select(tables.pace.c.seconds).where(tables.pace.c.key == key)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def learn(self, key: str, seconds: float) -> None:
        """Move the running median a step towards `seconds`."""
        c = tables.pace.c
        query = select(c.seconds, c.samples).where(c.key == key)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            await self._connection.execute(
                tables.pace.insert().values(key=key, seconds=seconds, samples=1)
            )
            return
        weight = max(0.1, 1 / (row.samples + 1))
        learnt = row.seconds + weight * (seconds - row.seconds)
        await self._connection.execute(
            tables.pace.update()
            .where(c.key == key)
            .values(seconds=learnt, samples=row.samples + 1)
        )
