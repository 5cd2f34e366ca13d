"""What a picture vendor's HTTP error means in our error tree (providers.md 9)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from app.errors import (
    ImageAuth,
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImageNotFound,
    ImagePermission,
    ImageProtocol,
    ImageRateLimited,
    ImageSubmitUnknown,
    ImageUnavailable,
)
from app.net.client import BadReply, Reply

_TEXT_MAX = 300
_PAUSE_MAX = 3600.0
_REQUEST_IDS = ("x-request-id", "request-id", "cf-ray")

_BY_STATUS: Mapping[int, type[ImageError]] = {
    401: ImageAuth,
    402: ImageCredits,
    403: ImagePermission,
    429: ImageRateLimited,
    503: ImageUnavailable,
}


def refusal(reply: Reply, *, provider: str, ordering: bool, secret: str = "") -> ImageError:
    """The error for a reply that is none of success, with the vendor's own words in `raw`.

    `ordering` tells a POST that may have cost money from a mere question: after a 5xx other than
    503 nobody knows whether the order was taken. `secret` is cut out should the vendor echo it.
    """
    text = _words(reply)
    if secret:
        text = text.replace(secret, "[hidden]")
    kind = _kind(reply.status, text, ordering=ordering)
    return kind(
        provider=provider,
        raw=text[:_TEXT_MAX],
        http_status=reply.status,
        request_id=request_id(reply.headers),
        retry_after=_pause(reply.headers) if kind.retryable else None,
    )


def request_id(headers: Mapping[str, str]) -> str | None:
    """The vendor's own name for this exchange, for its support desk."""
    return next((headers[name][:100] for name in _REQUEST_IDS if headers.get(name)), None)


def _kind(status: int, text: str, *, ordering: bool) -> type[ImageError]:
    if status == 403 and "authenticat" in text.lower():
        return ImageAuth
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status == 408 or status >= 500:
        return ImageSubmitUnknown if ordering else ImageUnavailable
    if status == 404 and not ordering:
        return ImageNotFound
    return ImageInvalid if status >= 400 else ImageProtocol


def _words(reply: Reply) -> str:
    """`detail` (text or list), `message`, `error`, or the bare status: every shape seen."""
    try:
        found = _spoken(reply.json())
    except (BadReply, RecursionError):
        found = ""
    return found or f"HTTP {reply.status}"


def _spoken(data: Any) -> str:
    if isinstance(data, str):
        return data.strip()
    if isinstance(data, list):
        return "; ".join(filter(None, map(_spoken, data[:5])))
    if not isinstance(data, Mapping):
        return ""
    if isinstance(data.get("msg"), str):
        return _field_problem(data)
    spoken = (_spoken(data.get(name)) for name in ("detail", "message", "error"))
    return next(filter(None, spoken), "")


def _field_problem(entry: Mapping[str, Any]) -> str:
    """FastAPI's `{"loc": ["body", "width"], "msg": ...}` as "body.width: ..."."""
    where = entry.get("loc")
    place = ".".join(map(str, where)) if isinstance(where, list) else ""
    return f"{place}: {entry['msg']}" if place else str(entry["msg"])


def _pause(headers: Mapping[str, str]) -> timedelta | None:
    """Retry-After as seconds or as a date by the vendor's own clock, within 0 s to 1 h."""
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is None:
        moment = _moment(text)
        if moment is None:
            return None
        seconds = (
            moment - (_moment(headers.get("date", "")) or datetime.now(UTC))
        ).total_seconds()
    return timedelta(seconds=min(max(seconds, 0.0), _PAUSE_MAX))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
