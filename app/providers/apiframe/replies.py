"""Apiframe's answers in our words: statuses, results, costs and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import ImageProtocol
from app.net.keyed import job_id_of, number
from app.orders import Cost, JobHandle, JobState, JobStatus
from app.providers.apiframe.orders import NAME, UNIT

#: AF-OAS; seed 004 knows two of the three ends
STATES: Mapping[str, JobState] = {
    "queued": JobState.RUNNING,
    "processing": JobState.RUNNING,
    "completed": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "cancelled": JobState.CANCELED,
    "canceled": JobState.CANCELED,
}
#: words of a failed job that mean its content ("Provider returned an error: content policy ...")
_MODERATION = ("content policy", "moderat", "nsfw", "flagged", "sensitive content")


def status(handle: JobHandle, data: Mapping[str, Any]) -> JobStatus:
    """One poll's answer; an unknown status is taken as running.

    `ImageProtocol` when it speaks of another job, or of a finished picture without its URL.
    """
    if job_id_of(data.get("id")) not in (handle.job_id, None):
        raise ImageProtocol("the poll was answered for another job", provider=NAME)
    raw = str(data.get("status"))[:100]
    state = STATES.get(raw.strip().lower(), JobState.RUNNING)
    output = None
    if state is JobState.SUCCEEDED:
        output = picture_url(data.get("result"))
        if data.get("expired") is True and output is None:
            return JobStatus(state=JobState.NOT_FOUND, raw_status="expired")
        if output is None:
            raise ImageProtocol("the picture is ready, but where is not said", provider=NAME)
    words = _words(data.get("error"))
    if state is JobState.FAILED and any(mark in words.lower() for mark in _MODERATION):
        state = JobState.MODERATED_OUTPUT
    return JobStatus(
        state=state,
        raw_status=raw,
        output=output,
        progress=_progress(data.get("progress")),
        reasons=(words,) if words else (),
        cost=reported(data.get("creditCost")) or handle.cost,
    )


def picture_url(result: object) -> str | None:
    """The first URL of a result: AF-OAS leaves its type open, and each page shows another."""
    images = result.get("images") if isinstance(result, Mapping) else None
    return _first_url(images) or _first_url(result)


def _first_url(value: object) -> str | None:
    """A URL, `{"url": ...}`, `{"imageUrl": ...}`, or the first of a list of these."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, Mapping):
        first = first.get("url") or first.get("imageUrl")
    return first if isinstance(first, str) and first else None


def reported(value: object) -> Cost | None:
    """`creditCost` as money; None where none is named."""
    credits = number(value)
    return None if credits is None else Cost(amount=credits, unit=UNIT, usd=None, basis="reported")


def refused_words(data: object) -> str:
    """The refusal as one sentence: fields of a 400, credits of a 402 (AF-OAS)."""
    if not isinstance(data, Mapping):
        return ""
    said = _words(data.get("error"))
    details = data.get("details")
    if isinstance(details, Mapping):
        fields = (f"{name}: {_words(why)}" for name, why in list(details.items())[:5])
        return "; ".join(filter(None, (said, *fields)))
    needed, left = number(data.get("creditsRequired")), number(data.get("creditsAvailable"))
    if needed is not None and left is not None:
        return f"{said or 'Insufficient credits'} ({needed:g} needed, {left:g} left)"
    return said


def _words(value: object) -> str:
    """A text, the `message` of an object, or the texts of a list."""
    if isinstance(value, Mapping):
        value = value.get("message")
    said = value if isinstance(value, list) else [value]
    return ", ".join(one.strip()[:200] for one in said[:5] if isinstance(one, str))


def _progress(value: object) -> float | None:
    """0..1 of Apiframe's 0..100."""
    count = number(value)
    return None if count is None else min(count / 100, 1.0)
