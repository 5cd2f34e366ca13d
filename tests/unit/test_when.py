"""Typed times: what people write in Turkish and English, and what must never become a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.when import Understood, understand

ISTANBUL = ZoneInfo("Europe/Istanbul")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 14, 30, tzinfo=ISTANBUL)  # a Friday

ENGLISH = [
    ("18:00", "2026-11-20 18:00"),
    ("18.00", "2026-11-20 18:00"),
    ("at 18:00", "2026-11-20 18:00"),
    ("09:00", "2026-11-21 09:00"),
    ("at 9", "2026-11-21 09:00"),
    ("@ 9", "2026-11-21 09:00"),
    ("9am", "2026-11-21 09:00"),
    ("9 am", "2026-11-21 09:00"),
    ("9:15 pm", "2026-11-20 21:15"),
    ("at 9 p.m.", "2026-11-20 21:00"),
    ("12am", "2026-11-21 00:00"),
    ("12pm", "2026-11-21 12:00"),
    ("nine am", "2026-11-21 09:00"),
    ("9 o'clock", "2026-11-21 09:00"),
    ("half past nine", "2026-11-21 09:30"),
    ("noon", "2026-11-21 12:00"),
    ("midnight", "2026-11-21 00:00"),
    ("today 18:00", "2026-11-20 18:00"),
    ("today at 6pm", "2026-11-20 18:00"),
    ("tomorrow 9", "2026-11-21 09:00"),
    ("tomorrow at nine", "2026-11-21 09:00"),
    ("Tomorrow at 9am", "2026-11-21 09:00"),
    ("tomorrow at noon", "2026-11-21 12:00"),
    ("9am tomorrow", "2026-11-21 09:00"),
    ("tmrw 10:30", "2026-11-21 10:30"),
    ("tomorrow 10.11", "2026-11-21 10:11"),
    ("the day after tomorrow at 9", "2026-11-22 09:00"),
    ("tomorrow morning at 8", "2026-11-21 08:00"),
    ("tomorrow evening at 7", "2026-11-21 19:00"),
    ("tomorrow afternoon 3", "2026-11-21 15:00"),
    ("tonight at 8", "2026-11-20 20:00"),
    ("tonight 20:30", "2026-11-20 20:30"),
    ("this evening at 7", "2026-11-20 19:00"),
    ("9 in the morning", "2026-11-21 09:00"),
    ("fri 14:30", "2026-11-27 14:30"),
    ("fri 15:00", "2026-11-20 15:00"),
    ("Friday, 16:00", "2026-11-20 16:00"),
    ("on friday 10:00", "2026-11-27 10:00"),
    ("on Monday at 9am", "2026-11-23 09:00"),
    ("sat 11", "2026-11-21 11:00"),
    ("wednesday morning 8:45", "2026-11-25 08:45"),
    ("next monday 09:00", "2026-11-23 09:00"),
    ("next friday 9am", "2026-11-27 09:00"),
    ("next sunday 10:00", "2026-11-29 10:00"),
    ("next week monday 09:00", "2026-11-23 09:00"),
    ("Tuesday next week at 10", "2026-11-24 10:00"),
    ("this sunday 10:00", "2026-11-22 10:00"),
    ("coming friday 10:00", "2026-11-27 10:00"),
    ("in 2 h", "2026-11-20 16:30"),
    ("in 2 hours", "2026-11-20 16:30"),
    ("in 2h 15m", "2026-11-20 16:45"),
    ("in 1 hour and 30 minutes", "2026-11-20 16:00"),
    ("in an hour", "2026-11-20 15:30"),
    ("in half an hour", "2026-11-20 15:00"),
    ("in an hour and a half", "2026-11-20 16:00"),
    ("in 1.5 hours", "2026-11-20 16:00"),
    ("in 10 seconds", "2026-11-20 14:30:10"),
    ("in ten minutes", "2026-11-20 14:40"),
    ("in 45 min", "2026-11-20 15:15"),
    ("+30m", "2026-11-20 15:00"),
    ("2 hours from now", "2026-11-20 16:30"),
    ("20 minutes later", "2026-11-20 14:50"),
    ("in 3 days", "2026-11-23 14:30"),
    ("in 3 days at 10:00", "2026-11-23 10:00"),
    ("in a week at 9am", "2026-11-27 09:00"),
    ("a week from today at 10", "2026-11-27 10:00"),
    ("24.11 10:00", "2026-11-24 10:00"),
    ("24.11. 10:00", "2026-11-24 10:00"),
    ("24/11 10:00", "2026-11-24 10:00"),
    ("24.11.2026 10:00", "2026-11-24 10:00"),
    ("24-11-2026 10:00", "2026-11-24 10:00"),
    ("24/11/26 10:00", "2026-11-24 10:00"),
    ("2026-11-24 10:00", "2026-11-24 10:00"),
    ("2026-11-24T10:00", "2026-11-24 10:00"),
    ("10:00 24.11", "2026-11-24 10:00"),
    ("10.11 10.12", "2027-11-10 10:12"),
    ("Nov 24 10:00", "2026-11-24 10:00"),
    ("November 24th, 2026 at 10am", "2026-11-24 10:00"),
    ("24 November 2026 10am", "2026-11-24 10:00"),
    ("24th of November at 10:00", "2026-11-24 10:00"),
    ("Tuesday 24 Nov 10:00", "2026-11-24 10:00"),
    ("on the 24th at 10", "2026-11-24 10:00"),
    ("the 3rd at 10:00", "2026-12-03 10:00"),
    ("1 January 9:00", "2027-01-01 09:00"),
    ("19 Nov 10:00", "2027-11-19 10:00"),
    ("29 Feb 10:00", "2028-02-29 10:00"),
    ("now", "2026-11-20 14:30"),
    ("right now", "2026-11-20 14:30"),
]

TURKISH = [
    ("18:00", "2026-11-20 18:00"),
    ("18.00", "2026-11-20 18:00"),
    ("18:00'de", "2026-11-20 18:00"),
    ("saat 18", "2026-11-20 18:00"),
    ("saat 18:00", "2026-11-20 18:00"),
    ("saat 10.11", "2026-11-21 10:11"),
    ("9'da", "2026-11-21 09:00"),
    ("18’de", "2026-11-20 18:00"),
    ("saat dokuzda", "2026-11-21 09:00"),
    ("saat on birde", "2026-11-21 11:00"),
    ("saat dokuz buçukta", "2026-11-21 09:30"),
    ("9 buçukta", "2026-11-21 09:30"),
    ("bugün 18:00", "2026-11-20 18:00"),
    ("bugün saat 16'da", "2026-11-20 16:00"),
    ("yarın 09:00", "2026-11-21 09:00"),
    ("YARIN 08:00", "2026-11-21 08:00"),
    ("Yarın 9", "2026-11-21 09:00"),
    ("yarin 9.30", "2026-11-21 09:30"),
    ("yarın on", "2026-11-21 10:00"),
    ("yarın saat 9'da", "2026-11-21 09:00"),
    ("yarın sabah 9", "2026-11-21 09:00"),
    ("yarın sabah dokuzda", "2026-11-21 09:00"),
    ("yarın akşam 7'de", "2026-11-21 19:00"),
    ("yarın öğlen 1'de", "2026-11-21 13:00"),
    ("yarın öğleden sonra 3", "2026-11-21 15:00"),
    ("yarın için 14:00", "2026-11-21 14:00"),
    ("bu akşam 8'de", "2026-11-20 20:00"),
    ("bu akşam 20:00", "2026-11-20 20:00"),
    ("akşam 08:00", "2026-11-20 20:00"),
    ("sabah 8", "2026-11-21 08:00"),
    ("gece 11", "2026-11-20 23:00"),
    ("bu gece 23:30", "2026-11-20 23:30"),
    ("gece yarısı", "2026-11-21 00:00"),
    ("öbür gün 9", "2026-11-22 09:00"),
    ("yarından sonraki gün 10:00", "2026-11-22 10:00"),
    ("cuma 14:30", "2026-11-27 14:30"),
    ("cuma 15:00", "2026-11-20 15:00"),
    ("Cuma günü saat 16'da", "2026-11-20 16:00"),
    ("pazar günü 11:00", "2026-11-22 11:00"),
    ("SALI 10:00", "2026-11-24 10:00"),
    ("çarşamba sabahı 10", "2026-11-25 10:00"),
    ("pzt 9", "2026-11-23 09:00"),
    ("cmt 12:00", "2026-11-21 12:00"),
    ("gelecek pazartesi 9", "2026-11-23 09:00"),
    ("gelecek cuma 10:00", "2026-11-27 10:00"),
    ("önümüzdeki cuma 10:00", "2026-11-27 10:00"),
    ("önümüzdeki pazar 10:00", "2026-11-22 10:00"),
    ("haftaya salı 10:00", "2026-11-24 10:00"),
    ("haftaya pazar 10:00", "2026-11-29 10:00"),
    ("haftaya bugün 10:00", "2026-11-27 10:00"),
    ("gelecek hafta perşembe saat 15:00", "2026-11-26 15:00"),
    ("bu pazar 12:00", "2026-11-22 12:00"),
    ("2 saat sonra", "2026-11-20 16:30"),
    ("iki saat sonra", "2026-11-20 16:30"),
    ("yarım saat sonra", "2026-11-20 15:00"),
    ("bir buçuk saat sonra", "2026-11-20 16:00"),
    ("1 buçuk saat sonra", "2026-11-20 16:00"),
    ("1,5 saat sonra", "2026-11-20 16:00"),
    ("2 saat 15 dakika sonra", "2026-11-20 16:45"),
    ("10 saniye sonra", "2026-11-20 14:30:10"),
    ("on beş dakika sonra", "2026-11-20 14:45"),
    ("20 dk sonra", "2026-11-20 14:50"),
    ("kırk beş dakika sonra", "2026-11-20 15:15"),
    ("3 gün sonra", "2026-11-23 14:30"),
    ("3 gün sonra saat 10'da", "2026-11-23 10:00"),
    ("bir hafta sonra 09:00", "2026-11-27 09:00"),
    ("24.11 10:00", "2026-11-24 10:00"),
    ("24.11.2026 saat 10.00", "2026-11-24 10:00"),
    ("24 Kasım 10:00", "2026-11-24 10:00"),
    ("24 KASIM 10:00", "2026-11-24 10:00"),
    ("24 Kasım'da saat 10'da", "2026-11-24 10:00"),
    ("24 Kasım 2026 Salı günü saat 10:00", "2026-11-24 10:00"),
    ("Salı, 24 Kasım, 10:00", "2026-11-24 10:00"),
    ("1 Ocak 09:00", "2027-01-01 09:00"),
    ("15 Ağustos 2027 18:30", "2027-08-15 18:30"),
    ("ayın 24'ünde saat 10'da", "2026-11-24 10:00"),
    ("ayın 5'i 10:00", "2026-12-05 10:00"),
    ("şimdi", "2026-11-20 14:30"),
    ("hemen", "2026-11-20 14:30"),
]

NO_TIMES = [
    "",
    "   ",
    "?!",
    "9",
    "12",
    "2026",
    "yarın",
    "tomorrow",
    "tonight",
    "friday",
    "on friday",
    "cuma günü",
    "24.11",
    "10.11",
    "18.05",
    "24 Kasım",
    "24 Kasım 2026",
    "next week 10:00",
    "haftaya 10:00",
    "next free",
    "sıradaki boş saat",
    "soon",
    "akşam",
    "in the morning",
    "25:00",
    "12:60",
    "13pm",
    "0am",
    "31.02 10:00",
    "32.11 10:00",
    "11/24 10:00",
    "2026-13-01 10:00",
    "24 Kasım Cuma 10:00",
    "friday 24.11 10:00",
    "tomorrow yesterday 10:00",
    "yarın 9 10",
    "today friday saturday 10:00",
    "9am tonight",
    "sabah 20:00",
    "tonight at 2",
    "every day 09:00",
    "her gün 09:00",
    "yarın 09:00 gibi",
    "tomorrow 9 or 10",
    "sera için nem sensörü",
    "2 saat",
    "in 2",
    "in 2 hours at 10:00",
    "now 18:00",
    "in 1.5 days",
    "in 2 hours 3 hours",
    "18:00 " + "x" * 200,
]


def at(text: str, *, language: str = "en", now: datetime = NOW) -> Understood | None:
    zone = now.tzinfo
    assert isinstance(zone, ZoneInfo)
    return understand(text, now=now, zone=zone, language=language)


def certainly(text: str, *, language: str = "en", now: datetime = NOW) -> Understood:
    found = at(text, language=language, now=now)
    assert found is not None, f"{text!r} was not understood"
    return found


def local(wall: str) -> datetime:
    return datetime.fromisoformat(wall)


@pytest.mark.parametrize("text,wall", ENGLISH)
def test_english_phrases_are_read_as_people_mean_them(text: str, wall: str) -> None:
    assert certainly(text).wall == local(wall)


@pytest.mark.parametrize("text,wall", TURKISH)
def test_turkish_phrases_are_read_as_people_mean_them(text: str, wall: str) -> None:
    assert certainly(text, language="tr").wall == local(wall)


@pytest.mark.parametrize("text,wall", [*ENGLISH[:20], *TURKISH[:40]])
def test_either_language_is_understood_whatever_the_setting(text: str, wall: str) -> None:
    english, turkish = certainly(text, language="en"), certainly(text, language="tr")
    assert english.wall == turkish.wall == local(wall)


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_clear_time_is_refused(text: str, language: str) -> None:
    assert at(text, language=language) is None


@pytest.mark.parametrize("text", ["tomorrow morning", "yarın sabah", "bu akşam", "yarın öğlen"])
def test_a_part_of_the_day_alone_means_its_usual_hour_and_says_so(text: str) -> None:
    assert certainly(text).exact is False


@pytest.mark.parametrize(
    "text,hour", [("tomorrow morning", 9), ("yarın öğle", 12), ("tomorrow evening", 18)]
)
def test_the_usual_hours_are_nine_twelve_and_six(text: str, hour: int) -> None:
    assert certainly(text).wall == local(f"2026-11-21 {hour:02}:00")


@pytest.mark.parametrize("text", ["18:00", "tomorrow morning at 8", "midnight", "in 2 h"])
def test_a_typed_hour_is_exact(text: str) -> None:
    assert certainly(text).exact is True


@pytest.mark.parametrize(
    "text",
    [
        "today 08:00",
        "bugün 14:29",
        "yesterday 10:00",
        "dün 10:00",
        "19.11.2026 10:00",
        "20 Kasım 10:00",
        "this monday 09:00",
        "2025-01-01 10:00",
    ],
)
def test_a_time_that_is_over_on_a_named_day_is_called_past(text: str) -> None:
    assert certainly(text).note == "past"


def test_the_instant_is_utc_and_the_wall_is_local() -> None:
    found = certainly("tomorrow 09:00")
    assert found.instant == datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert found.instant.tzinfo is UTC
    assert found.wall.tzinfo is None


def test_a_time_the_clocks_skip_moves_forward_and_is_named() -> None:
    spring = datetime(2027, 3, 27, 12, tzinfo=BERLIN)
    found = certainly("tomorrow 02:30", now=spring)
    assert (found.note, found.wall) == ("gap", local("2027-03-28 03:30"))


def test_a_time_the_clocks_show_twice_is_the_first_and_is_named() -> None:
    autumn = datetime(2027, 10, 30, 12, tzinfo=BERLIN)
    found = certainly("tomorrow 02:30", now=autumn)
    assert (found.note, found.instant) == ("overlap", datetime(2027, 10, 31, 0, 30, tzinfo=UTC))


def test_hours_from_now_are_real_hours_over_a_clock_change() -> None:
    before = datetime(2027, 3, 28, 1, tzinfo=BERLIN)
    assert certainly("in 2 hours", now=before).wall == local("2027-03-28 04:00")


def test_days_from_now_keep_the_wall_clock_over_a_clock_change() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=BERLIN)
    assert certainly("in 2 days", now=before).wall == local("2027-03-29 12:00")


def test_a_weekday_today_moves_on_a_week_once_its_time_is_over() -> None:
    assert certainly("friday 14:30").wall == local("2026-11-27 14:30")
    assert certainly("friday 14:31").wall == local("2026-11-20 14:31")


def test_a_now_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        understand("18:00", now=datetime(2026, 11, 20), zone=ISTANBUL)  # noqa: DTZ001


VOCABULARY = """
yarın tomorrow at saat 9 9'da 24.11 18:00 fri cuma gelecek next week haftaya in 2 h sonra gün 99 0
00:00 31.12.9999 9999-12-31 akşam am pm . , ' + 1,5 buçuk half an hour 29 şubat
"""
WORDS = st.sampled_from(VOCABULARY.split())
INSTANTS = st.datetimes(
    min_value=local("1971-01-01"), max_value=local("9998-01-01"), timezones=st.just(UTC)
)
ZONES = st.sampled_from(["Europe/Istanbul", "Europe/Berlin", "Africa/Cairo", "Asia/Kathmandu"])


@given(text=st.text(max_size=60), now=INSTANTS, zone=ZONES, language=st.sampled_from(["tr", "en"]))
def test_no_text_makes_it_raise(text: str, now: datetime, zone: str, language: str) -> None:
    understand(text, now=now, zone=ZoneInfo(zone), language=language)


@given(words=st.lists(WORDS, max_size=6), now=INSTANTS, zone=ZONES)
def test_every_result_shows_its_instant_on_the_wall_of_the_zone(
    words: list[str], now: datetime, zone: str
) -> None:
    found = understand(" ".join(words), now=now, zone=ZoneInfo(zone))
    if found is not None:
        local = found.instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        assert found.wall == local


@given(hour=st.integers(0, 23), minute=st.integers(0, 59), now=INSTANTS)
def test_a_time_without_a_day_is_within_the_day_ahead(
    hour: int, minute: int, now: datetime
) -> None:
    found = understand(f"{hour:02}:{minute:02}", now=now, zone=ISTANBUL)
    assert found is not None
    assert timedelta() < found.instant - now <= timedelta(hours=25)
