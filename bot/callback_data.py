"""What a button carries: versioned, typed, at most 64 bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from app.errors import Stale

_VERSION = "v1"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Bot API, InlineKeyboardButton.callback_data
MAX_BYTES = 64
#: what a row's id can be
_LARGEST = 2**63 - 1


class Action(StrEnum):
    """Every button there is; a test finds a handler for each."""

    APPROVE = "ok"
    TIMES = "times"
    NOW = "now"
    AT = "at"
    TYPE_TIME = "type"
    BACK = "back"
    REGENERATE = "again"
    LOOK_AGAIN = "look"
    KEEP_PREVIOUS = "keep"
    EDIT_TEXT = "text"
    EDIT_PROMPT = "prompt"
    THEME = "theme"
    DISCARD = "bin"
    RESTORE = "restore"
    UNSCHEDULE = "stop"
    SHOW = "show"
    SEEN = "seen"
    POST_AGAIN = "post"
    DROP = "drop"
    LANGUAGE = "lang"


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """A pressed button: the action, the row it is about, the version it was shown for."""

    action: Action
    target: int
    version: int = 0
    extra: str = ""

    def pack(self) -> str:
        """As callback data."""
        parts = (_VERSION, self.action, _base36(self.target), _base36(self.version), self.extra)
        data = "|".join(parts)
        if len(data.encode()) > MAX_BYTES:
            raise ValueError("callback data longer than 64 bytes")
        return data

    @classmethod
    def unpack(cls, data: str) -> Press:
        """The inverse of `pack`; anything else is a button of another time: `Stale`."""
        parts = data.split("|")
        if len(parts) != 5 or parts[0] != _VERSION:
            raise Stale
        try:
            press = cls(
                action=Action(parts[1]),
                target=int(parts[2], 36),
                version=int(parts[3], 36),
                extra=parts[4],
            )
        except ValueError as error:
            raise Stale from error
        if not (0 <= press.target <= _LARGEST and 0 <= press.version <= _LARGEST):
            raise Stale
        return press

    @property
    def when(self) -> datetime | None:
        """The instant a time button names, None for one without; `Stale` when it names none."""
        try:
            return datetime.fromtimestamp(int(self.extra, 36), UTC) if self.extra else None
        except (ValueError, OverflowError, OSError) as error:
            raise Stale from error


def instant_extra(instant: datetime) -> str:
    """An instant, to the second, as a button carries it."""
    return _base36(int(instant.timestamp()))


def _base36(number: int) -> str:
    if number < 0:
        raise ValueError("ids and instants are not negative")
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
