"""The Turkish and English words for times, as patterns that each turn into one piece of a time.

All patterns are matched against folded text: lower case, Turkish letters without their marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from app import when_numbers as numbers
from app.when_pieces import Clock, Part, Pieces

Builder = Callable[[re.Match[str]], Pieces | None]
Pattern = tuple[re.Pattern[str], Builder]


def _choice(table: dict[str, int]) -> str:
    return "|".join(sorted(table, key=len, reverse=True))


def _names(*spellings: str) -> dict[str, int]:
    return {name: place for place, names in enumerate(spellings) for name in names.split()}


_EN_DAYS = _names(
    "mon monday mondays",
    "tue tues tuesday",
    "wed weds wednesday",
    "thu thur thurs thursday",
    "fri friday",
    "sat saturday",
    "sun sunday",
)
_TR_DAYS = _names(
    "pzt pazartesi pazartesiye",
    "sal sali saliya",
    "car crs carsamba carsambaya",
    "per prs persembe persembeye",
    "cum cuma cumaya",
    "cmt cumartesi cumartesiye",
    "paz pazar pazara",
)
_EN_MONTHS = _names(
    "",
    "jan january",
    "feb february",
    "mar march",
    "apr april",
    "may",
    "jun june",
    "jul july",
    "aug august",
    "sep sept september",
    "oct october",
    "nov november",
    "dec december",
)
_TR_MONTHS = _names(
    "",
    "oca ocak",
    "sub subat",
    "mar mart",
    "nis nisan",
    "may mayis",
    "haz haziran",
    "tem temmuz",
    "agu agustos",
    "eyl eylul",
    "eki ekim",
    "kas kasim",
    "ara aralik",
)
_EN_PARTS: dict[str, Part] = {
    "morning": "morning",
    "afternoon": "afternoon",
    "evening": "evening",
    "night": "night",
}
_TR_PARTS: dict[str, Part] = {
    "sabah": "morning",
    "sabahi": "morning",
    "sabahleyin": "morning",
    "ogle": "noon",
    "oglen": "noon",
    "ogleyin": "noon",
    "ogleden sonra": "afternoon",
    "aksam": "evening",
    "aksami": "evening",
    "aksama": "evening",
    "aksamleyin": "evening",
    "gece": "night",
    "gecesi": "night",
    "geceleyin": "night",
}
_TR_SHIFTS = {
    "dun": -1,
    "bugun": 0,
    "bugune": 0,
    "yarin": 1,
    "yarina": 1,
    "obur gun": 2,
    "oburgun": 2,
    "obur gune": 2,
    "yarindan sonra": 2,
    "yarindan sonraki gun": 2,
}
_EN_SHIFTS = {
    "yesterday": -1,
    "today": 0,
    "tomorrow": 1,
    "tomorow": 1,
    "tmrw": 1,
    "day after tomorrow": 2,
    "the day after tomorrow": 2,
}
_YEAR = r"((?:19|20)\d\d)"
_IN = r"(?:'?(?:de|da|te|ta|e|a|ye|ya|i|u))?"
_AMPM = r"\s*([ap])\.?m\.?"


def _clock(hour: str, minute: str = "00", half: str | None = None) -> Pieces | None:
    """Read a 24-hour time; `half` is a or p when am or pm was said."""
    h, m = int(hour), int(minute)
    if half is not None:
        if not 1 <= h <= 12:
            return None
        h = h % 12 + (12 if half == "p" else 0)
    if h > 23 or m > 59:
        return None
    return Pieces(clock=Clock(hour=h, minute=m, kind="firm" if half is None else "fixed"))


def _bare(hour: int) -> Pieces | None:
    return Pieces(clock=Clock(hour=hour, minute=0, kind="bare")) if hour <= 23 else None


def _dotted(found: re.Match[str]) -> Pieces | None:
    """Read 18.30; alone it stands for a time only when it cannot be a date as well."""
    firm = _clock(found[1], found[2])
    may_be_date = 1 <= int(found[1]) <= 31 and 1 <= int(found[2]) <= 12
    if firm is None or firm.clock is None or not may_be_date:
        return firm
    clock = firm.clock
    return Pieces(clock=Clock(hour=clock.hour, minute=clock.minute, kind="bare"))


def _date(day: str, month: int | str | None, year: str | None = None) -> Pieces | None:
    full_year = None if year is None else int(year) + (2000 if len(year) == 2 else 0)
    number = None if month is None else int(month)
    if not (1 <= int(day) <= 31 and (number is None or 1 <= number <= 12)):
        return None
    return Pieces(date=(int(day), number, full_year))


def _span(amount: tuple[int, timedelta] | None) -> Pieces | None:
    return None if amount is None else Pieces(shift=amount[0] or None, ahead=amount[1])


def _said(**pieces: object) -> Builder:
    made = Pieces(**pieces)  # type: ignore[arg-type]
    return lambda _: made


def _compiled(table: list[tuple[str, Builder]]) -> tuple[Pattern, ...]:
    return tuple((re.compile(rf"(?:{text})(?=[\s,]|$)", re.ASCII), make) for text, make in table)


_BOTH: list[tuple[str, Builder]] = [
    (r"(\d{4})-(\d{1,2})-(\d{1,2})", lambda m: _date(m[3], m[2], m[1])),
    (rf"(\d{{1,2}})([./-])(\d{{1,2}})\2(\d\d|{_YEAR})", lambda m: _date(m[1], m[3], m[4])),
    (r"(\d{1,2})[./](\d{1,2})\.?", lambda m: _date(m[1], m[2])),
    (rf"(\d{{1,2}}):(\d\d){_IN}", lambda m: _clock(m[1], m[2])),
    (rf"(\d{{1,2}})\.(\d\d){_IN}", _dotted),
    (rf"(\d{{1,2}})[:.](\d\d){_AMPM}", lambda m: _clock(m[1], m[2], m[3])),
    (rf"(\d{{1,2}}){_AMPM}", lambda m: _clock(m[1], half=m[2])),
    (r"(\d{1,2})", lambda m: _bare(int(m[1]))),
]
_EN_HOUR = rf"(\d{{1,2}}|{_choice(numbers.ENGLISH_HOURS)})"
_EN: list[tuple[str, Builder]] = [
    (r"now|right now|immediately", _said(now=True)),
    (rf"in ({numbers.ENGLISH_SPAN})", lambda m: _span(numbers.english_span(m[1]))),
    (rf"\+ ?({numbers.ENGLISH_SPAN})", lambda m: _span(numbers.english_span(m[1]))),
    (rf"({numbers.ENGLISH_SPAN}) (?:from now|later)", lambda m: _span(numbers.english_span(m[1]))),
    (_choice(_EN_SHIFTS), lambda m: Pieces(shift=_EN_SHIFTS[m[0]])),
    (r"tonight", _said(shift=0, part="night")),
    (rf"this ({'|'.join(_EN_PARTS)})", lambda m: Pieces(shift=0, part=_EN_PARTS[m[1]])),
    (rf"(?:in the |at )?({'|'.join(_EN_PARTS)})", lambda m: Pieces(part=_EN_PARTS[m[1]])),
    (r"(?:at )?(?:noon|midday)", lambda _: _clock("12")),
    (r"(?:at )?midnight", _said(part="midnight")),
    (r"next week", _said(week=1)),
    (r"this week", _said(week=0)),
    (r"a week from", _said(week=1)),
    (
        rf"(?:on )?next ({_choice(_EN_DAYS)})",
        lambda m: Pieces(week=1, weekday=_EN_DAYS[m[1]]),
    ),
    (rf"this ({_choice(_EN_DAYS)})", lambda m: Pieces(week=0, weekday=_EN_DAYS[m[1]])),
    (
        rf"(?:the )?coming ({_choice(_EN_DAYS)})",
        lambda m: Pieces(coming=True, weekday=_EN_DAYS[m[1]]),
    ),
    (rf"(?:on )?({_choice(_EN_DAYS)})\.?", lambda m: Pieces(weekday=_EN_DAYS[m[1]])),
    (
        rf"(?:on )?(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_choice(_EN_MONTHS)})\.?"
        rf"(?:,? {_YEAR})?",
        lambda m: _date(m[1], _EN_MONTHS[m[2]], m[3]),
    ),
    (
        rf"(?:on )?({_choice(_EN_MONTHS)})\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?:,? {_YEAR})?",
        lambda m: _date(m[2], _EN_MONTHS[m[1]], m[3]),
    ),
    (r"(?:on )?(?:the )?(\d{1,2})(?:st|nd|rd|th)", lambda m: _date(m[1], None)),
    (r"(?:at |@ ?)(\d{1,2})(?:[:.](\d\d))?", lambda m: _clock(m[1], m[2] or "00")),
    (
        rf"(?:at |@ ?)(\d{{1,2}})(?:[:.](\d\d))?{_AMPM}",
        lambda m: _clock(m[1], m[2] or "00", m[3]),
    ),
    (rf"(?:at )?{_EN_HOUR} o'?clock", lambda m: _clock(numbers.english_hour(m[1]))),
    (rf"at ({_choice(numbers.ENGLISH_HOURS)})", lambda m: _clock(numbers.english_hour(m[1]))),
    (rf"({_choice(numbers.ENGLISH_HOURS)})", lambda m: _bare(int(numbers.english_hour(m[1])))),
    (
        rf"(?:at )?({_choice(numbers.ENGLISH_HOURS)}){_AMPM}",
        lambda m: _clock(numbers.english_hour(m[1]), half=m[2]),
    ),
    (rf"(?:at )?half past {_EN_HOUR}", lambda m: _clock(numbers.english_hour(m[1]), "30")),
    (r"on", _said()),
]
_TR_HOUR = rf"(\d{{1,2}}|{_choice(numbers.TURKISH_HOURS)})"
_TR: list[tuple[str, Builder]] = [
    (r"simdi|hemen|hemen simdi|su an", _said(now=True)),
    (rf"({numbers.TURKISH_SPAN}) sonra(?:ya|si)?", lambda m: _span(numbers.turkish_span(m[1]))),
    (_choice(_TR_SHIFTS), lambda m: Pieces(shift=_TR_SHIFTS[m[0]])),
    (rf"bu ({'|'.join(_TR_PARTS)})", lambda m: Pieces(shift=0, part=_TR_PARTS[m[1]])),
    ("|".join(f"({part})" for part in _TR_PARTS), lambda m: Pieces(part=_TR_PARTS[m[0]])),
    (r"gece yarisi(?:nda)?", _said(part="midnight")),
    (r"haftaya|(?:gelecek|onumuzdeki) hafta(?:ya)?", _said(week=1)),
    (r"bu hafta", _said(week=0)),
    (
        rf"(?:haftaya|gelecek) ({_choice(_TR_DAYS)})",
        lambda m: Pieces(week=1, weekday=_TR_DAYS[m[1]]),
    ),
    (rf"bu ({_choice(_TR_DAYS)})", lambda m: Pieces(week=0, weekday=_TR_DAYS[m[1]])),
    (
        rf"onumuzdeki ({_choice(_TR_DAYS)})",
        lambda m: Pieces(coming=True, weekday=_TR_DAYS[m[1]]),
    ),
    (rf"({_choice(_TR_DAYS)})\.?", lambda m: Pieces(weekday=_TR_DAYS[m[1]])),
    (
        rf"(\d{{1,2}}) ({_choice(_TR_MONTHS)})(?:'?(?:da|de|ta|te|a|e))?(?: {_YEAR}{_IN})?",
        lambda m: _date(m[1], _TR_MONTHS[m[2]], m[3]),
    ),
    (r"ayin (\d{1,2})(?:'?(?:s?[iu](?:nde|nda)?|nde|nda))?", lambda m: _date(m[1], None)),
    (rf"saat (\d{{1,2}})(?:[:.](\d\d))?{_IN}", lambda m: _clock(m[1], m[2] or "00")),
    (r"(\d{1,2})'?(?:de|da|te|ta)", lambda m: _clock(m[1])),
    (rf"saat {_TR_HOUR}(?:de|da|te|ta)?", lambda m: _clock(numbers.turkish_hour(m[1]))),
    (
        rf"({_choice(numbers.TURKISH_HOURS)})(?:de|da|te|ta)",
        lambda m: _clock(numbers.turkish_hour(m[1])),
    ),
    (
        rf"(?:saat )?{_TR_HOUR} bucuk(?:ta)?",
        lambda m: _clock(numbers.turkish_hour(m[1]), "30"),
    ),
    (rf"({_choice(numbers.TURKISH_HOURS)})", lambda m: _bare(int(numbers.turkish_hour(m[1])))),
    (r"icin|gunu|tarihinde", _said()),
]

PATTERNS: dict[str, tuple[Pattern, ...]] = {
    "en": _compiled(_EN + _BOTH),
    "tr": _compiled(_TR + _BOTH),
}
