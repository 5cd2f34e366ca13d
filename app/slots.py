"""The week's publishing times: a grid of slots, the next free one, and the quick buttons."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from app.wallclock import on_the_wall, require_aware, resolve

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = {
    **{name: number for number, name in enumerate(DAYS)},
    **dict(zip(("pzt", "sal", "çar", "per", "cum", "cmt", "paz"), range(7), strict=True)),
}
NEAREST = timedelta(minutes=1)
QUICK_NOTICE = timedelta(minutes=15)


class GridUnreadable(ValueError):
    """This is no weekly grid; write it like "mon-fri 10:00 14:00; sat-sun 12:00"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Publishing times by weekday, Monday first; times are sorted and unique within a day."""

    days: tuple[tuple[time, ...], ...]

    def __post_init__(self) -> None:
        """Refuse anything but seven days, and put each day's times in order."""
        if len(self.days) != len(DAYS):
            raise GridUnreadable(f"a week has 7 days, not {len(self.days)}")
        object.__setattr__(self, "days", tuple(tuple(sorted(set(day))) for day in self.days))

    def on(self, day: date) -> tuple[time, ...]:
        """Return the times of a calendar day."""
        return self.days[day.weekday()]


DEFAULT_GRID = Grid(
    days=((time(10), time(14), time(18)),) * 5 + ((time(12),),) * 2,
)


def parse_grid(text: str) -> Grid:
    """Read a one-line grid; days may be English or Turkish short names, alone or as ranges.

    An empty text is a week without slots. Raises GridUnreadable naming the part in the way.
    """
    days: list[list[time]] = [[] for _ in DAYS]
    for part in filter(None, (piece.strip() for piece in re.split(r"[;\n]", text))):
        span, *times = part.replace(",", " ").split()
        if not times:
            raise GridUnreadable(f"no times in {part!r}; write it like 'mon-fri 10:00 14:00'")
        for day in _read_days(span):
            days[day].extend(_read_time(one) for one in times)
    return Grid(days=tuple(tuple(day) for day in days))


def format_grid(grid: Grid) -> str:
    """Write a grid as the line that `parse_grid` reads back to the same grid."""
    parts = []
    for times, numbers in groupby(range(len(DAYS)), key=lambda number: grid.days[number]):
        run = list(numbers)
        if times:
            span = DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
            parts.append(" ".join([span, *(f"{one:%H:%M}" for one in times)]))
    return "; ".join(parts)


def next_free(
    grid: Grid,
    *,
    zone: ZoneInfo,
    after: datetime,
    taken: Collection[datetime],
    limit_days: int = 60,
) -> datetime | None:
    """Return the first slot later than `after` with no post within a minute of it, in UTC.

    None when the next `limit_days` days hold none. Raises ValueError for naive datetimes.
    """
    busy = sorted(require_aware(moment).astimezone(UTC) for moment in taken)
    start = require_aware(after).astimezone(UTC)
    for instant in _instants(grid, zone, start, limit_days):
        if instant > start and not _crowded(instant, busy):
            return instant
    return None


def is_taken(instant: datetime, taken: Collection[datetime]) -> bool:
    """Whether another post is at that time, or nearer than a minute to it."""
    return _crowded(require_aware(instant), sorted(taken))


def quick_times(now: datetime, zone: ZoneInfo) -> list[tuple[str, datetime]]:
    """Return the times worth a button, in UTC: `today_18`, `tomorrow_9`, `next_monday_9`.

    Today's is offered with at least 15 minutes to go; a time is never offered twice.
    """
    today = on_the_wall(now, zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    offers = [
        ("today_18", _at(today, time(18), zone)),
        ("tomorrow_9", _at(today + timedelta(days=1), time(9), zone)),
        ("next_monday_9", _at(monday, time(9), zone)),
    ]
    if offers[0][1] - now < QUICK_NOTICE:
        del offers[0]
    unique = {instant: key for key, instant in reversed(offers)}
    return [(key, instant) for instant, key in sorted(unique.items())]


def _instants(grid: Grid, zone: ZoneInfo, start: datetime, limit_days: int) -> Iterator[datetime]:
    first = on_the_wall(start, zone).date()
    for offset in range(limit_days + 1):
        day = first + timedelta(days=offset)
        # A gap can move one slot past the next, so a day's order is made after resolving.
        yield from sorted({_at(day, clock, zone) for clock in grid.on(day)})


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return resolve(datetime.combine(day, clock), zone)[0]


def _crowded(instant: datetime, busy: Sequence[datetime]) -> bool:
    place = bisect_left(busy, instant)
    return any(abs(other - instant) < NEAREST for other in busy[max(0, place - 1) : place + 1])


def _read_days(span: str) -> list[int]:
    first, dash, last = span.replace("İ", "i").lower().partition("-")
    start, end = _read_day(first), _read_day(last) if dash else _read_day(first)
    return [(start + step) % 7 for step in range((end - start) % 7 + 1)]


def _read_day(name: str) -> int:
    if name not in DAY_NAMES:
        raise GridUnreadable(f"{name!r} is no day; the days are {' '.join(DAYS)}")
    return DAY_NAMES[name]


def _read_time(text: str) -> time:
    found = re.fullmatch(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])", text)
    if found is None:
        raise GridUnreadable(f"{text!r} is no time; write it like 18:00")
    return time(int(found[1]), int(found[2]))
