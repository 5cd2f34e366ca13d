"""The week's slots: reading and writing the grid, the next free one, and the quick buttons."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.slots import (
    DEFAULT_GRID,
    Grid,
    GridUnreadable,
    format_grid,
    next_free,
    parse_grid,
    quick_times,
)
from app.wallclock import on_the_wall, require_aware, resolve

ISTANBUL = ZoneInfo("Europe/Istanbul")
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 20, 14, 30, tzinfo=ISTANBUL)
LINE = "mon-fri 10:00 14:00 18:00; sat-sun 12:00"

TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
GRIDS = st.builds(
    lambda days: Grid(days=tuple(map(tuple, days))),
    st.lists(st.lists(TIMES, max_size=4), min_size=7, max_size=7),
)
INSTANTS = st.datetimes(
    min_value=datetime.fromisoformat("2000-01-01"),
    max_value=datetime.fromisoformat("2100-01-01"),
    timezones=st.just(UTC),
)


def walls(found: datetime | None, zone: ZoneInfo = ISTANBUL) -> str | None:
    return None if found is None else f"{found.astimezone(zone):%a %d %b %H:%M}"


def free(
    after: datetime = FRIDAY, *, taken: Collection[datetime] = (), grid: Grid = DEFAULT_GRID
) -> str | None:
    return walls(next_free(grid, zone=ISTANBUL, after=after, taken=taken))


def test_the_default_week_is_the_line_people_read() -> None:
    assert format_grid(DEFAULT_GRID) == LINE


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        "pzt-cum 10:00 14:00 18:00; cmt-paz 12:00",
        "MON-FRI 10.00, 14.00, 18.00\nsat-sun 12:00",
        "mon-fri 18:00 10:00 14:00 10:00; sat 12:00; sun 12:00; ;",
    ],
)
def test_a_grid_is_read_from_a_line_in_either_language(text: str) -> None:
    assert parse_grid(text) == DEFAULT_GRID


def test_a_range_may_run_over_the_weekend() -> None:
    assert format_grid(parse_grid("sat-mon 9:00")) == "mon 09:00; sat-sun 09:00"


def test_an_empty_text_is_a_week_without_slots() -> None:
    assert parse_grid(" ") == Grid(days=((),) * 7)


@pytest.mark.parametrize(
    "text,part",
    [
        ("mon 25:00", "25:00"),
        ("mon", "no times"),
        ("someday 10:00", "someday"),
        ("mon-xyz 10:00", "xyz"),
        ("mon 10", "'10'"),
        ("mon- 10:00", "''"),
    ],
)
def test_a_line_that_is_no_grid_is_refused_by_the_part_in_the_way(text: str, part: str) -> None:
    with pytest.raises(GridUnreadable, match=part):
        parse_grid(text)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(GridUnreadable, match="7 days"):
        Grid(days=((time(9),),))


@given(grid=GRIDS)
def test_every_grid_survives_being_written_and_read(grid: Grid) -> None:
    assert parse_grid(format_grid(grid)) == grid


def test_the_next_free_slot_is_the_first_after_now() -> None:
    assert free() == "Fri 20 Nov 18:00"


def test_a_slot_at_this_very_instant_is_not_after_it() -> None:
    assert free(datetime(2026, 11, 20, 18, tzinfo=ISTANBUL)) == "Sat 21 Nov 12:00"


def test_a_taken_slot_is_passed_over() -> None:
    assert free(taken=[datetime(2026, 11, 20, 15, tzinfo=UTC)]) == "Sat 21 Nov 12:00"


@pytest.mark.parametrize(
    "seconds,found",
    [
        (-59, "Sat 21 Nov 12:00"),
        (59, "Sat 21 Nov 12:00"),
        (-60, "Fri 20 Nov 18:00"),
        (60, "Fri 20 Nov 18:00"),
    ],
)
def test_a_post_within_a_minute_takes_the_slot(seconds: int, found: str) -> None:
    post = datetime(2026, 11, 20, 18, tzinfo=ISTANBUL) + timedelta(seconds=seconds)
    assert free(taken=[post]) == found


def test_a_week_without_slots_has_no_free_one() -> None:
    assert free(grid=Grid(days=((),) * 7)) is None


def test_the_search_ends_with_its_limit() -> None:
    only_friday = parse_grid("fri 10:00")
    after = datetime(2026, 11, 20, 11, tzinfo=ISTANBUL)
    assert next_free(only_friday, zone=ISTANBUL, after=after, taken=[], limit_days=6) is None


def test_a_slot_keeps_its_wall_time_over_a_clock_change() -> None:
    before = datetime(2027, 3, 27, 13, tzinfo=BERLIN)
    found = next_free(DEFAULT_GRID, zone=BERLIN, after=before, taken=[])
    assert walls(found, BERLIN) == "Sun 28 Mar 12:00"


def test_a_slot_the_clocks_skip_moves_forward() -> None:
    night = parse_grid("sun 02:30 03:10")
    before = datetime(2027, 3, 27, 13, tzinfo=BERLIN)
    found = next_free(night, zone=BERLIN, after=before, taken=[])
    assert walls(found, BERLIN) == "Sun 28 Mar 03:10"


@given(grid=GRIDS, after=INSTANTS, taken=st.lists(INSTANTS, max_size=3))
def test_a_free_slot_is_later_clear_of_posts_and_on_the_grid(
    grid: Grid, after: datetime, taken: list[datetime]
) -> None:
    found = next_free(grid, zone=ISTANBUL, after=after, taken=taken)
    if found is not None:
        wall = on_the_wall(found, ISTANBUL)
        assert found > after
        assert all(abs(found - post) >= timedelta(minutes=1) for post in taken)
        assert resolve(wall, ISTANBUL)[1] == "gap" or wall.time() in grid.on(wall.date())


def test_the_quick_buttons_on_a_friday_afternoon() -> None:
    offers = [(key, walls(instant)) for key, instant in quick_times(FRIDAY, ISTANBUL)]
    assert offers == [
        ("today_18", "Fri 20 Nov 18:00"),
        ("tomorrow_9", "Sat 21 Nov 09:00"),
        ("next_monday_9", "Mon 23 Nov 09:00"),
    ]


@pytest.mark.parametrize("minute,offered", [(45, True), (46, False)])
def test_today_needs_a_quarter_of_an_hour(minute: int, offered: bool) -> None:
    now = datetime(2026, 11, 20, 17, minute, tzinfo=ISTANBUL)
    assert ("today_18" in dict(quick_times(now, ISTANBUL))) is offered


def test_on_sunday_tomorrow_is_monday_and_is_offered_once() -> None:
    sunday = datetime(2026, 11, 22, 10, tzinfo=ISTANBUL)
    assert list(dict(quick_times(sunday, ISTANBUL))) == ["today_18", "tomorrow_9"]


def test_on_monday_next_monday_is_a_week_away() -> None:
    monday = datetime(2026, 11, 23, 8, tzinfo=ISTANBUL)
    assert walls(dict(quick_times(monday, ISTANBUL))["next_monday_9"]) == "Mon 30 Nov 09:00"


NAIVE = datetime(2026, 11, 20)  # noqa: DTZ001


def test_next_free_refuses_a_start_without_a_zone() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        next_free(DEFAULT_GRID, zone=ISTANBUL, after=NAIVE, taken=[])


def test_next_free_refuses_a_taken_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        next_free(DEFAULT_GRID, zone=ISTANBUL, after=FRIDAY, taken=[NAIVE])


def test_quick_times_refuse_a_now_without_a_zone() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        quick_times(NAIVE, ISTANBUL)


def test_resolve_refuses_a_wall_time_with_a_zone() -> None:
    with pytest.raises(ValueError, match="no zone"):
        resolve(FRIDAY, ISTANBUL)


def test_an_aware_time_is_returned_as_it_is() -> None:
    assert require_aware(FRIDAY) is FRIDAY


@pytest.mark.parametrize(
    "zone,wall,instant,note",
    [
        ("Europe/Istanbul", "2026-11-20 10:00", "2026-11-20 07:00+00:00", None),
        ("Europe/Berlin", "2027-03-28 02:30", "2027-03-28 01:30+00:00", "gap"),
        ("Europe/Berlin", "2027-10-31 02:30", "2027-10-31 00:30+00:00", "overlap"),
        ("Africa/Cairo", "2027-04-30 00:00", "2027-04-29 22:00+00:00", "gap"),
    ],
)
def test_a_wall_time_becomes_one_instant(
    zone: str, wall: str, instant: str, note: str | None
) -> None:
    found = resolve(datetime.fromisoformat(wall), ZoneInfo(zone))
    assert found == (datetime.fromisoformat(instant), note)
