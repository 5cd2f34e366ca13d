"""Announcements, cards, questions, the inbox, strangers and small notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chat import Card, InboxEntry, Question
from app.models import Announcement
from app.storage import tables
from app.storage.rows import TableRows


class AnnouncementRows(TableRows[Announcement]):
    """Announcements."""

    table = tables.announcement

    async def prune(self, *, before: datetime) -> None:
        """Delete what was shown before that instant."""
        await self._connection.execute(delete(self.table).where(self.table.c.done_at < before))

    async def unseen(self, *, limit: int) -> list[Announcement]:
        """What was not shown yet, oldest first."""
        return await self.where(self.table.c.done_at.is_(None), limit=limit)


class CardRows(TableRows[Card]):
    """Cards."""

    table = tables.card


class QuestionRows(TableRows[Question]):
    """Questions."""

    table = tables.question


def insert_or_ignore(connection: AsyncConnection, table: Any, values: Mapping[str, Any]) -> Any:
    """INSERT ... ON CONFLICT DO NOTHING in the connection's dialect."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).values(**values).on_conflict_do_nothing()


class InboxRows:
    """Received updates by their id."""

    def __init__(self, connection: AsyncConnection) -> None:
        """`connection` is the transaction's own."""
        self._connection = connection

    async def keep(self, update_id: int, payload: Mapping[str, Any], *, now: datetime) -> bool:
        """Store an update; False when it was received before."""
        values = {"update_id": update_id, "payload": dict(payload), "received_at": now}
        result = await self._connection.execute(
            insert_or_ignore(self._connection, tables.inbox, {**values, "attempts": 0})
        )
        return bool(result.rowcount)

    async def open(self) -> list[InboxEntry]:
        """What is neither handled nor quarantined, in the order of arrival."""
        c = tables.inbox.c
        query = select(*c).where(c.done_at.is_(None), c.quarantined_at.is_(None))
        rows = await self._connection.execute(query.order_by(c.update_id))
        return [InboxEntry(**row._mapping) for row in rows]

    async def done(self, update_id: int, *, now: datetime) -> None:
        """Mark as handled; its words are nobody's business any more."""
        await self._set(update_id, done_at=now, payload={})

    async def prune(self, *, before: datetime) -> None:
        """Delete what was handled before that instant; what was put aside stays."""
        await self._connection.execute(delete(tables.inbox).where(tables.inbox.c.done_at < before))

    async def failed(self, update_id: int, *, error: str) -> int:
        """Count a failure; the number of tries so far."""
        c = tables.inbox.c
        change = tables.inbox.update().where(c.update_id == update_id)
        change = change.values(attempts=c.attempts + 1, error_text=error)
        result = await self._connection.execute(change.returning(c.attempts))
        return int(result.scalar_one())

    async def quarantine(self, update_id: int, *, now: datetime) -> None:
        """Put aside for good; the row stays for whoever looks into it."""
        await self._set(update_id, quarantined_at=now)

    async def _set(self, update_id: int, **values: Any) -> None:
        change = tables.inbox.update().where(tables.inbox.c.update_id == update_id)
        await self._connection.execute(change.values(**values))


class StrangerRows:
    """When a stranger was last told who may use the bot."""

    def __init__(self, connection: AsyncConnection) -> None:
        """`connection` is the transaction's own."""
        self._connection = connection

    async def may_tell(self, user_id: int, *, now: datetime, since: datetime) -> bool:
        """True at most once per period; remembers that it said so."""
        c = tables.stranger.c
        values = {"user_id": user_id, "told_at": now}
        added = await self._connection.execute(
            insert_or_ignore(self._connection, tables.stranger, values)
        )
        if added.rowcount:
            return True
        again = tables.stranger.update().where(c.user_id == user_id, c.told_at < since)
        return bool((await self._connection.execute(again.values(told_at=now))).rowcount)


class NoteRows:
    """Small facts worth keeping: a file id, a digest of the command menu."""

    def __init__(self, connection: AsyncConnection) -> None:
        """`connection` is the transaction's own."""
        self._connection = connection

    async def get(self, key: str) -> str | None:
        """The value, if any."""
        query = select(tables.note.c.value).where(tables.note.c.key == key)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def put(self, key: str, value: str) -> None:
        """Insert or replace."""
        values = {"key": key, "value": value}
        await self._connection.execute(insert_or_ignore(self._connection, tables.note, values))
        change = tables.note.update().where(tables.note.c.key == key)
        await self._connection.execute(change.values(value=value))
