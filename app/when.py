"""Typed times in Turkish and English: "yarın 09:00" or "fri 14:30" becomes one instant, or None.

Every word must be understood and a weekday must agree with its date; nothing is ever guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from app.wallclock import on_the_wall, require_aware, resolve
from app.when_pieces import Part, Pieces, fold
from app.when_words import PATTERNS, Pattern

LONGEST = 80
PART_STARTS: dict[Part, time] = {"morning": time(9), "noon": time(12), "evening": time(18)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """One typed time: the UTC instant and what the local clock will show then.

    `exact` is False when the hour is the usual one of a part of the day ("tomorrow morning").
    `note` names what to tell the person: the clocks skip that time ("gap", moved forward), show
    it twice ("overlap", the first is meant), or it is over ("past").
    """

    instant: datetime
    wall: datetime
    exact: bool
    note: Literal["gap", "overlap", "past"] | None


def understand(
    text: str, *, now: datetime, zone: ZoneInfo, language: str = "en"
) -> Understood | None:
    """Read a time typed in either language, the asked one first; None when any word is unclear.

    Dates are day before month, and a date or time without a year or day is the next one to come.
    Raises ValueError when `now` carries no zone.
    """
    # In UTC, where adding an hour is an hour: aware datetimes add on the wall clock otherwise.
    now = require_aware(now).astimezone(UTC)
    if len(text) > LONGEST:
        return None
    folded = re.sub(r"(?<=[0-9])t(?=[0-9])", " ", fold(text)).strip(" .!?,;")
    order = ("tr", "en") if language == "tr" else ("en", "tr")
    for one in order:
        for pieces in _readings(folded, PATTERNS[one]):
            settled = _settle(pieces, now, zone)
            if settled is not None:
                return settled
    return None


def _readings(text: str, patterns: tuple[Pattern, ...]) -> Iterator[Pieces]:
    """Yield every way to consume the whole text, likeliest first."""
    waiting = [(0, Pieces())]
    while waiting:
        start, pieces = waiting.pop()
        if start == len(text):
            yield pieces
        waiting.extend(reversed(list(_steps(text, start, pieces, patterns))))


def _steps(
    text: str, start: int, pieces: Pieces, patterns: tuple[Pattern, ...]
) -> Iterator[tuple[int, Pieces]]:
    for pattern, build in patterns:
        found = pattern.match(text, start)
        piece = build(found) if found else None
        joined = pieces.joined(piece) if piece else None
        if found and joined:
            end = found.end()
            while end < len(text) and text[end] in " ,":
                end += 1
            yield end, joined


def _settle(pieces: Pieces, now: datetime, zone: ZoneInfo) -> Understood | None:
    try:
        if pieces.now:
            return _understood(now, now, zone) if pieces == Pieces(now=True) else None
        if pieces.ahead is not None and pieces.clock is None and pieces.part is None:
            return _after(pieces, now, zone)
        return _at_clock(pieces, now, zone)
    except (OverflowError, ValueError):
        # Beyond the years a datetime holds, or a day its month does not have.
        return None


def _after(pieces: Pieces, now: datetime, zone: ZoneInfo) -> Understood | None:
    if pieces != Pieces(ahead=pieces.ahead, shift=pieces.shift) or pieces.ahead is None:
        return None
    if not pieces.shift:
        return _understood(now + pieces.ahead, now, zone)
    moment, note = resolve(on_the_wall(now, zone) + timedelta(days=pieces.shift), zone)
    return _understood(moment + pieces.ahead, now, zone, note=note)


def _at_clock(pieces: Pieces, now: datetime, zone: ZoneInfo) -> Understood | None:
    clock = _clock(pieces)
    found = _day(pieces, on_the_wall(now, zone).date())
    if clock is None or found is None or pieces.ahead:
        return None
    day, step = found
    instant, note = resolve(datetime.combine(day, clock), zone)
    if instant <= now and step:
        instant, note = resolve(datetime.combine(day + timedelta(days=step), clock), zone)
    return _understood(instant, now, zone, note=note, exact=pieces.part is None or _timed(pieces))


def _timed(pieces: Pieces) -> bool:
    return pieces.clock is not None or pieces.part == "midnight"


def _understood(
    instant: datetime,
    now: datetime,
    zone: ZoneInfo,
    *,
    note: Literal["gap", "overlap"] | None = None,
    exact: bool = True,
) -> Understood:
    moment = instant.astimezone(UTC)
    wall = on_the_wall(moment, zone)
    return Understood(
        instant=moment, wall=wall, exact=exact, note="past" if moment < now else note
    )


def _clock(pieces: Pieces) -> time | None:
    if pieces.part == "midnight":
        return None if pieces.clock or pieces.has_day else time(0)
    if pieces.clock is None:
        return PART_STARTS.get(pieces.part) if pieces.part and pieces.has_day else None
    if pieces.part is not None:
        return _in_part(pieces, pieces.part)
    if pieces.clock.kind == "bare" and not pieces.has_day:
        return None
    return time(pieces.clock.hour, pieces.clock.minute)


_PART_HOURS: dict[Part, dict[int, int]] = {
    "morning": {hour: hour for hour in range(4, 12)},
    "noon": {hour: hour for hour in range(11, 16)} | {hour: hour + 12 for hour in (1, 2, 3)},
    "afternoon": {hour: hour for hour in range(12, 19)} | {h: h + 12 for h in range(1, 7)},
    "evening": {hour: hour for hour in range(16, 24)} | {h: h + 12 for h in range(4, 12)},
    "night": {hour: hour for hour in (*range(6), *range(18, 24))}
    | {h: h + 12 for h in range(6, 12)}
    | {12: 0},
}


def _in_part(pieces: Pieces, part: Part) -> time | None:
    """Read "8" in the evening as 20:00; refuse hours that part of the day does not have."""
    if pieces.clock is None:
        return None
    hour = _PART_HOURS[part].get(pieces.clock.hour)
    if hour is None or (pieces.clock.kind == "fixed" and hour != pieces.clock.hour):
        return None
    if part == "night" and hour < 6 and pieces.has_day:
        return None  # "tonight at 2" is tomorrow's date for some and today's for others
    return time(hour, pieces.clock.minute)


def _day(pieces: Pieces, today: date) -> tuple[date, int] | None:
    """Return the day meant, and by how many days to move on when its time is over."""
    if pieces.date is not None:
        day = None if _any_week(pieces) else _calendar_day(pieces.date, today)
        step = 0
    elif pieces.shift is not None:
        day, step = _shifted(pieces, pieces.shift, today), 0
    elif pieces.weekday is not None:
        return _weekday(pieces, pieces.weekday, today)
    else:
        return None if _any_week(pieces) else (today, 1)
    if day is None or pieces.weekday not in (None, day.weekday()):
        return None
    return day, step


def _any_week(pieces: Pieces) -> bool:
    return not (pieces.week is pieces.coming is None) or bool(pieces.date and pieces.shift)


def _shifted(pieces: Pieces, shift: int, today: date) -> date | None:
    if pieces.coming or (pieces.week is not None and (pieces.week, shift) != (1, 0)):
        return None
    return today + timedelta(days=shift + 7 * (pieces.week or 0))


def _weekday(pieces: Pieces, weekday: int, today: date) -> tuple[date, int] | None:
    ahead = (weekday - today.weekday()) % 7
    if pieces.week is not None:
        monday = today - timedelta(days=today.weekday())
        return monday + timedelta(days=7 * pieces.week + weekday), 0
    if pieces.coming:
        return today + timedelta(days=ahead or 7), 0
    return today + timedelta(days=ahead), 7


def _calendar_day(parts: tuple[int, int | None, int | None], today: date) -> date | None:
    day, month, year = parts
    if year is not None and month is not None:
        return date(year, month, day)
    months = ((today.month - 1 + step) for step in range(97))
    for total in months:
        candidate = (today.year + total // 12, total % 12 + 1)
        if month in (None, candidate[1]) and _exists(*candidate, day):
            found = date(*candidate, day)
            if found >= today:
                return found
    return None


def _exists(year: int, month: int, day: int) -> bool:
    following = date(year + month // 12, month % 12 + 1, 1)
    return day <= (following - timedelta(days=1)).day
