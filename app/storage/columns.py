"""Column types that keep the models' promises: aware instants, enumerations, tuples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Dialect, Double, String
from sqlalchemy.types import TypeDecorator

from app.wallclock import require_aware


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as seconds since the epoch in UTC."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> float | None:
        """Refuse naive times."""
        return None if value is None else require_aware(value).timestamp()

    def process_result_value(self, value: float | None, dialect: Dialect) -> datetime | None:
        """Always UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Real(TypeDecorator[float]):
    """A float. SQLite's RETURNING gives whole ones back as integers."""

    impl = Double
    cache_ok = True

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:
        """Always a float."""
        return None if value is None else float(value)


class Word(TypeDecorator[StrEnum]):
    """A member of one enumeration, stored as its word."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        """`words` is the enumeration."""
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """Refuse what is no member."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self.words(value)


class Texts(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, stored as a JSON list."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        """As a list."""
        return list(value or ())

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:
        """As a tuple."""
        return tuple(value or ())
