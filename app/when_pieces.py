"""What a typed time is put together from: the pieces a phrase can say, and the folding of text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Literal

Part = Literal["morning", "noon", "afternoon", "evening", "night", "midnight"]

_MARKS = str.maketrans("ıİIşŞğĞçÇöÖüÜâÂîÎûÛ’‘ʼ`´", "iiissggccoouuaaiiuu'''''")


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """An hour and minute as typed, and how sure it is that they are a 24-hour time.

    `bare` needs a day or a part of the day beside it, `firm` stands alone, `fixed` said am or pm.
    """

    hour: int
    minute: int
    kind: Literal["bare", "firm", "fixed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """What a phrase has said so far; None where it has said nothing."""

    now: bool | None = None
    ahead: timedelta | None = None
    shift: int | None = None
    week: int | None = None
    coming: bool | None = None
    weekday: int | None = None
    date: tuple[int, int | None, int | None] | None = None
    clock: Clock | None = None
    part: Part | None = None

    @property
    def has_day(self) -> bool:
        """Whether a day was named in any way."""
        return any(said is not None for said in (self.shift, self.weekday, self.date))

    def joined(self, other: Pieces) -> Pieces | None:
        """Return both together, or None when both say the same kind of thing."""
        said = {}
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if mine is not None and theirs is not None:
                return None
            said[field.name] = theirs if mine is None else mine
        return Pieces(**said)


def fold(text: str) -> str:
    """Return text in lower case without Turkish marks, so that "YARIN" and "yarın" are one."""
    composed = unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS)
    return " ".join(composed.lower().replace("\u0307", "").split())
