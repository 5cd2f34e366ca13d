"""Sentences for people, one TOML file per language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from app.wallclock import on_the_wall

FALLBACK = "en"


class Texts:
    """The sentences of one language by dotted key."""

    def __init__(self, language: str, sentences: Mapping[str, str]) -> None:
        """`sentences` maps keys to texts with {placeholders}."""
        self.language = language
        self._sentences = sentences

    def __call__(self, key: str, **values: Any) -> str:
        """The sentence, its placeholders filled."""
        return self._sentences[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in self._sentences

    def keys(self) -> frozenset[str]:
        """Every key."""
        return frozenset(self._sentences)

    def template(self, key: str) -> str:
        """The sentence with its placeholders unfilled."""
        return self._sentences[key]

    def count(self, key: str, number: int, **values: Any) -> str:
        """The sentence for that many; a language without plurals gives both forms alike."""
        form = "one" if number == 1 else "other"
        return self(f"{key}.{form}", n=number, **values)

    def day_and_time(self, instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
        """`Tue 24 Nov 10:00`, with seconds or the year where they are needed to be exact."""
        wall = on_the_wall(instant, zone)
        today = on_the_wall(now, zone).date()
        clock = f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"
        if wall.date() == today:
            return self("date.today", time=clock)
        if wall.date() == today + timedelta(days=1):
            return self("date.tomorrow", time=clock)
        day = self(
            "date.day" if wall.year == today.year else "date.day_and_year",
            weekday=self(f"date.weekday.{wall.weekday()}"),
            day=wall.day,
            month=self(f"date.month.{wall.month}"),
            year=wall.year,
        )
        return f"{day} {clock}"

    def full_day_and_time(self, instant: datetime, zone: ZoneInfo) -> str:
        """`Tuesday 24 November 2026 10:00`."""
        wall = on_the_wall(instant, zone)
        day = self(
            "date.full",
            weekday=self(f"date.weekday_full.{wall.weekday()}"),
            day=wall.day,
            month=self(f"date.month_full.{wall.month}"),
            year=wall.year,
        )
        return f"{day} {wall:%H:%M:%S}" if wall.second else f"{day} {wall:%H:%M}"


@cache
def languages() -> tuple[str, ...]:
    """The languages there are: one file each."""
    files = resources.files(__package__).iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))


@cache
def load(language: str) -> Texts:
    """The texts of a language; an unknown one gets the fallback's."""
    known = language if language in languages() else FALLBACK
    source = resources.files(__package__).joinpath(f"{known}.toml").read_text("utf-8")
    return Texts(known, dict(_flat("", tomllib.loads(source))))


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", str(value)
