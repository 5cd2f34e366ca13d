"""Brands, members, topics and drafts."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from app.models import Brand, Draft, Member, Topic
from app.storage import tables
from app.storage.rows import TableRows


class BrandRows(TableRows[Brand]):
    """Brands."""

    table = tables.brand


class MemberRows(TableRows[Member]):
    """Members."""

    table = tables.member

    async def remove(self, row_id: int) -> None:
        """Forget a person."""
        await self._connection.execute(delete(self.table).where(self.table.c.id == row_id))


class TopicRows(TableRows[Topic]):
    """Topics."""

    table = tables.topic


class DraftRows(TableRows[Draft]):
    """Drafts; a move compares version and state."""

    table = tables.draft
    guards = ("version", "state")

    async def next_number(self, brand_id: int) -> int:
        """The short number of the brand's next draft; the write lock makes it unique."""
        query = select(func.coalesce(func.max(tables.draft.c.number), 0) + 1)
        query = query.where(tables.draft.c.brand_id == brand_id)
        return int((await self._connection.execute(query)).scalar_one())
