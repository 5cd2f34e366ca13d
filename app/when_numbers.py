"""Numbers and lengths of time in words: "an hour and a half", "bir buçuk saat", "2 h 30 min"."""

from __future__ import annotations

import re
from datetime import timedelta

_EN_ONES = "one two three four five six seven eight nine ten eleven twelve"
_TR_ONES = "bir iki uc dort bes alti yedi sekiz dokuz on"
_TR_TENS = "on yirmi otuz kirk elli"

ENGLISH_HOURS = {word: number for number, word in enumerate(_EN_ONES.split(), start=1)}
TURKISH_HOURS = {word: number for number, word in enumerate(_TR_ONES.split(), start=1)}
TURKISH_HOURS |= {"on bir": 11, "on iki": 12}

_EN_NUMBERS = ENGLISH_HOURS | {
    "a": 1,
    "an": 1,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "forty five": 45,
    "fifty": 50,
    "ninety": 90,
}
_TR_NUMBERS = dict(TURKISH_HOURS)
for _step, _ten in enumerate(_TR_TENS.split(), start=1):
    _TR_NUMBERS[_ten] = _step * 10
    for _one, _word in enumerate(_TR_ONES.split()[:-1], start=1):
        _TR_NUMBERS[f"{_ten} {_word}"] = _step * 10 + _one
_TR_NUMBERS["doksan"] = 90

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_EN_UNITS = {
    "seconds?|secs?|s": timedelta(seconds=1),
    "minutes?|mins?|m": timedelta(minutes=1),
    "hours?|hrs?|h": timedelta(hours=1),
    "days?|d": _DAY,
    "weeks?|w": _WEEK,
}
_TR_UNITS = {
    "saniye|sn": timedelta(seconds=1),
    "dakika|dk": timedelta(minutes=1),
    "saat|sa": timedelta(hours=1),
    "gun": _DAY,
    "hafta": _WEEK,
}


def _any(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_EN_ITEM = (
    rf"(?:\d{{1,4}}(?:[.,]\d{{1,2}})? ?|(?:half an?|a half|(?:{_any(_EN_NUMBERS)})"
    rf"(?: and a half)?) )(?:{'|'.join(_EN_UNITS)})(?: and a half)?"
)
_TR_ITEM = (
    rf"(?:\d{{1,4}}(?:[.,]\d{{1,2}})? ?(?:bucuk )?|(?:yarim|(?:{_any(_TR_NUMBERS)})(?: bucuk)?) )"
    rf"(?:{'|'.join(_TR_UNITS)})"
)
ENGLISH_SPAN = rf"{_EN_ITEM}(?:(?:,| and)? {_EN_ITEM})*"
TURKISH_SPAN = rf"{_TR_ITEM}(?:,? {_TR_ITEM})*"


def english_hour(text: str) -> str:
    """Return the digits of an hour written as digits or as an English word."""
    return text if text.isdigit() else str(ENGLISH_HOURS[text])


def turkish_hour(text: str) -> str:
    """Return the digits of an hour written as digits or as a folded Turkish word."""
    return text if text.isdigit() else str(TURKISH_HOURS[text])


def english_span(text: str) -> tuple[int, timedelta] | None:
    """Return the whole days and the rest of a length such as "2 days 3 h"."""
    return _total(text, _EN_ITEM, _EN_UNITS, _EN_NUMBERS)


def turkish_span(text: str) -> tuple[int, timedelta] | None:
    """Return the whole days and the rest of a folded length such as "bir bucuk saat"."""
    return _total(text, _TR_ITEM, _TR_UNITS, _TR_NUMBERS)


def _total(
    text: str, item: str, units: dict[str, timedelta], words: dict[str, int]
) -> tuple[int, timedelta] | None:
    days, rest, seen = 0, timedelta(), set[str]()
    for found in re.finditer(rf"({item})(?![a-z])", text, re.ASCII):
        name = next(
            unit for unit in units if re.search(rf"(?:^|[\d ])(?:{unit})(?: |$)", found[1])
        )
        amount = _amount(found[1], words)
        whole = units[name] >= _DAY
        if name in seen or (whole and amount % 1):
            return None
        seen.add(name)
        days += int(amount) * units[name].days if whole else 0
        rest += timedelta() if whole else units[name] * amount
    return days, rest


def _amount(item: str, words: dict[str, int]) -> float:
    half = 0.5 if re.search(r"\b(?:bucuk|and a half)\b", item) else 0.0
    if re.match(r"yarim|half|a half", item):
        return 0.5
    digits = re.match(r"\d+(?:[.,]\d+)?", item)
    if digits:
        return float(digits[0].replace(",", ".")) + half
    found = re.match(rf"(?:{_any(words)})\b", item)
    return (words[found[0]] if found else 0) + half
