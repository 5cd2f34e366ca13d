"""GraphQL errors, which may come with any HTTP status, in the words of plain HTTP."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.net.keyed import header, number

#: `extensions.code` -> the HTTP status that means the same. Only the first is in seed 001; the
#: others are the names of its status table, and what GraphQL servers usually say.
_CODES: Mapping[str, int] = {
    "INSUFFICIENT_CREDITS": 402,
    "PAYMENT_REQUIRED": 402,
    "UNAUTHENTICATED": 401,
    "UNAUTHORIZED": 401,
    "INVALID_API_KEY": 401,
    "FORBIDDEN": 403,
    "TOO_MANY_REQUESTS": 429,
    "RATE_LIMITED": 429,
    "RATE_LIMIT_EXCEEDED": 429,
    "BAD_REQUEST": 400,
    "BAD_USER_INPUT": 400,
    "VALIDATION_ERROR": 400,
    "GRAPHQL_VALIDATION_FAILED": 400,
    "GRAPHQL_PARSE_FAILED": 400,
    "NOT_FOUND": 404,
    "SERVICE_UNAVAILABLE": 503,
    "INTERNAL_SERVER_ERROR": 500,
}
#: for errors without a code
_WORDS = (
    ("insufficient credit", 402),
    ("rate limit", 429),
    ("too many requests", 429),
    ("unauthori", 401),
    ("invalid api key", 401),
)
_MODERATION = ("moderat", "content_policy", "content policy", "nsfw")
#: how GraphQL servers say that a request does not fit their schema, before anything is run
_SCHEMA = re.compile(
    r"cannot query field|unknown (type|argument|field)|is not defined (by|on) type"
    r"|got invalid value|of required type|must have a selection"
)
_GENERATE = re.compile(r"\b(generate|GenerateInput)\b")
_INVALID_CODES = frozenset({"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What the errors of one answer say. `status` is None where only "it failed" is said."""

    words: str
    status: int | None
    moderated: bool
    #: it does not fit the vendor's schema: nothing was run
    schema: bool

    @property
    def is_definite(self) -> bool:
        """Whether nothing was made, or nothing will come of it."""
        return self.moderated or (self.status is not None and self.status < 500)

    @property
    def names_generate(self) -> bool:
        """Whether it is the canonical mutation that the vendor does not have."""
        return self.schema and _GENERATE.search(self.words) is not None


def problem_in(answer: object) -> Problem | None:
    """The errors of an answer, None where there are none. They count more than its data."""
    if not isinstance(answer, Mapping):
        return None
    errors = answer.get("errors")
    if not isinstance(errors, list) or not errors:
        return None
    told = [_told(error) for error in errors[:5]]
    words = "; ".join(filter(None, (text for text, _code in told))) or "error"
    codes = {code for _text, code in told}
    low = words.lower()
    marks = low + " " + " ".join(codes).lower()
    fits_not = bool(codes & _INVALID_CODES) or _SCHEMA.search(low) is not None
    schema = fits_not and not answer.get("data")
    return Problem(
        words=words,
        status=400 if schema else _status(codes, low),
        moderated=any(mark in marks for mark in _MODERATION),
        schema=schema,
    )


def _status(codes: set[str], low: str) -> int | None:
    by_code = next((_CODES[code] for code in sorted(codes) if code in _CODES), None)
    return by_code or next((status for mark, status in _WORDS if mark in low), None)


def pause_until_reset(headers: Mapping[str, str]) -> timedelta | None:
    """X-RateLimit-Reset, "window reset timestamp" (seed 001), as a pause of at most an hour.

    Seconds or milliseconds since 1970, or from now; None where it is missing or no number.
    """
    try:
        told = float(header(headers, "x-ratelimit-reset"))
    except ValueError:
        return None
    if not math.isfinite(told):
        return None
    moment = told / 1000 if told > 1e11 else told
    seconds = moment - time.time() if moment > 1e9 else moment
    return timedelta(seconds=min(max(seconds, 0.0), 3600.0))


def _told(error: object) -> tuple[str, str]:
    """One error's sentence, with its credits, and its code."""
    if not isinstance(error, Mapping):
        return (error[:200] if isinstance(error, str) else ""), ""
    message = error.get("message")
    extensions = error.get("extensions")
    facts = extensions if isinstance(extensions, Mapping) else {}
    words = message.strip()[:200] if isinstance(message, str) else ""
    needed, left = number(facts.get("creditsRequired")), number(facts.get("creditsAvailable"))
    if needed is not None and left is not None:
        words = f"{words or 'Insufficient credits'} ({needed:g} needed, {left:g} left)"
    code = facts.get("code")
    return words, code.upper() if isinstance(code, str) else ""
