"""Destinations, posts, deliveries and their attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, or_, select, update

from app.models import Attempt, Delivery, DeliveryState, Destination, Post
from app.storage import tables
from app.storage.rows import TableRows


class DestinationRows(TableRows[Destination]):
    """Destinations."""

    table = tables.destination


class PostRows(TableRows[Post]):
    """Posts."""

    table = tables.post


class AttemptRows(TableRows[Attempt]):
    """Attempts."""

    table = tables.attempt


class DeliveryRows(TableRows[Delivery]):
    """Deliveries; a move compares state and fence."""

    table = tables.delivery
    guards = ("state", "fence")

    async def claim_due(
        self, *, now: datetime, limit: int, lease_until: datetime
    ) -> list[Delivery]:
        """Turn due rows to dispatched; on PostgreSQL other claimers skip the locked ones."""
        c = self.table.c
        due = (
            select(c.id)
            .where(c.state == DeliveryState.SCHEDULED, c.due <= now)
            .order_by(c.due, c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        claim = (
            update(self.table)
            .where(c.id.in_(select(due.c.id)))
            .values(state=DeliveryState.DISPATCHED, lease_until=lease_until)
            .returning(*c)
        )
        rows = [self.to_model(row) for row in await self._connection.execute(claim)]
        return sorted(rows, key=lambda row: (row.due, row.id))

    async def next_due(self) -> datetime | None:
        """When the earliest scheduled delivery falls due."""
        c = self.table.c
        query = select(func.min(c.due, type_=c.due.type)).where(c.state == DeliveryState.SCHEDULED)
        earliest: datetime | None = (await self._connection.execute(query)).scalar_one()
        return earliest

    async def overdue(self, *, before: datetime) -> list[Delivery]:
        """Scheduled deliveries that fell due before that instant."""
        c = self.table.c
        return await self.where(c.state == DeliveryState.SCHEDULED, c.due < before, order="due")

    async def lapsed(self, *, now: datetime) -> list[Delivery]:
        """Dispatched or publishing deliveries whose lease is over."""
        c = self.table.c
        held = (DeliveryState.DISPATCHED, DeliveryState.PUBLISHING)
        # Written out instead of bound: only so does SQLite see that the partial index fits.
        words: BindParameter[Any] = bindparam("held", held, expanding=True, literal_execute=True)
        over = or_(c.lease_until.is_(None), c.lease_until <= now)
        return await self.where(c.state.in_(words), over, order="lease_until")

    async def release(self, *, owner_prefix: str) -> list[Delivery]:
        """End the leases of owners that are known to be dead, and of rows nobody took up."""
        c = self.table.c
        dead = or_(c.owner.is_(None), c.owner.startswith(owner_prefix, autoescape=True))
        held = c.state.in_((DeliveryState.DISPATCHED, DeliveryState.PUBLISHING))
        return await self.change([held, dead], {"lease_until": None})
