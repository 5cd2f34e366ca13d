"""Rows of one table as frozen models, and the one compare-and-set behind every change of state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, Table, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import NotFound, Stale
from app.models import check_move

T = TypeVar("T")


class TableRows(Generic[T]):
    """The generic queries; aggregates add theirs in their own files."""

    table: ClassVar[Table]
    #: columns that must still hold what was read when a row is moved
    guards: ClassVar[tuple[str, ...]] = ()

    def __init__(self, connection: AsyncConnection, model: type[T]) -> None:
        """`connection` is the transaction's own."""
        self._connection = connection
        self._model = model
        self._names = tuple(field.name for field in fields(model))  # type: ignore[arg-type]

    def to_model(self, row: Row[Any]) -> T:
        """The only place where a row becomes a model."""
        values = row._mapping
        return self._model(**{name: values[name] for name in self._names})

    async def add(self, **values: Any) -> T:
        """Insert and return the row."""
        result = await self._connection.execute(
            insert(self.table).values(**values).returning(*self.table.c)
        )
        return self.to_model(result.one())

    async def get(self, row_id: int) -> T:
        """The row, or `NotFound`."""
        return self._one(await self.find(id=row_id), row_id)

    async def find(self, *, order: str = "id", limit: int | None = None, **equal: Any) -> list[T]:
        """Rows whose columns equal the values; a collection means any of them."""
        return await self.where(*self._conditions(equal), order=order, limit=limit)

    async def where(
        self, *conditions: ColumnElement[bool], order: str = "id", limit: int | None = None
    ) -> list[T]:
        """Rows that meet every condition."""
        column = self.table.c[order.removeprefix("-")]
        query = select(*self.table.c).where(and_(True, *conditions))
        query = query.order_by(column.desc() if order.startswith("-") else column).limit(limit)
        return [self.to_model(row) for row in await self._connection.execute(query)]

    async def move(self, row: T, **changes: Any) -> T:
        """Change the row if it still is what was read, by a legal move; else `Stale`."""
        state = getattr(row, "state", None)
        if "state" in changes and state is not None:
            check_move(state, changes["state"])
        held = {name: getattr(row, name) for name in ("id", *self.guards)}
        moved = await self.change(self._conditions(held), changes)
        if not moved:
            raise Stale(table=self.table.name, row_id=held["id"])
        return moved[0]

    async def touch(self, row_id: int, **changes: Any) -> T:
        """Change columns that carry no state, without comparing."""
        return self._one(await self.change([self.table.c.id == row_id], changes), row_id)

    async def change(self, conditions: list[ColumnElement[bool]], changes: Any) -> list[T]:
        """UPDATE ... RETURNING."""
        query = update(self.table).where(*conditions).values(**changes).returning(*self.table.c)
        return [self.to_model(row) for row in await self._connection.execute(query)]

    def _conditions(self, equal: dict[str, Any]) -> list[ColumnElement[bool]]:
        return [_equals(self.table.c[name], value) for name, value in equal.items()]

    def _one(self, rows: list[T], row_id: int) -> T:
        if not rows:
            raise NotFound(f"There is no {self.table.name} {row_id}.")
        return rows[0]


def _equals(column: Any, value: Any) -> ColumnElement[bool]:
    if isinstance(value, Collection) and not isinstance(value, str | bytes | datetime):
        return column.in_(list(value))  # type: ignore[no-any-return]
    return column == value  # type: ignore[no-any-return]
