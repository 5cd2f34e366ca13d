"""From a wall-clock time to an instant: the one daylight-saving rule for every time we keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Note = Literal["gap", "overlap"]


def resolve(wall: datetime, zone: ZoneInfo) -> tuple[datetime, Note | None]:
    """Return the UTC instant of a naive local time, and what was odd about it.

    A time the clocks skip ("gap") is moved forward by the length of the gap; a time they show
    twice ("overlap") means the first one. Raises ValueError when `wall` carries a zone.
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall-clock time carries no zone")
    first = wall.replace(tzinfo=zone, fold=0)
    instant = first.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) != wall.replace(fold=0):
        return instant, "gap"
    repeated = first.utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset()
    return instant, "overlap" if repeated else None


def on_the_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of `zone` show at an aware instant, as a naive datetime."""
    return require_aware(instant).astimezone(zone).replace(tzinfo=None, fold=0)


def require_aware(moment: datetime) -> datetime:
    """Return `moment` unchanged; raise ValueError when it carries no zone."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"a datetime without a zone is no instant: {moment!r}")
    return moment
