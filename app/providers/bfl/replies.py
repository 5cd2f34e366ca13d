"""BFL's answers in our words: statuses, progress, reasons and costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.errors import ImageProtocol
from app.orders import Cost, JobHandle, JobState, JobStatus
from app.providers.bfl.orders import cost

STATES: Mapping[str, JobState] = {
    "pending": JobState.RUNNING,
    "ready": JobState.SUCCEEDED,
    "error": JobState.FAILED,
    "failed": JobState.FAILED,
    "request moderated": JobState.MODERATED_INPUT,
    "content moderated": JobState.MODERATED_OUTPUT,
    "task not found": JobState.NOT_FOUND,
}


def status(handle: JobHandle, data: Mapping[str, Any]) -> JobStatus:
    """One poll's answer (docs.bfl.ai get-result.md); an unknown status is taken as running.

    `ImageProtocol` when it speaks of another job, or of a finished picture without its URL.
    """
    if data.get("id") not in (handle.job_id, None):
        raise ImageProtocol("the poll was answered for another job", provider="bfl")
    raw = str(data.get("status"))[:100]
    state = STATES.get(raw.strip().lower(), JobState.RUNNING)
    result = data.get("result")
    result = result if isinstance(result, Mapping) else {}
    sample = text(result.get("sample")) if state is JobState.SUCCEEDED else None
    if state is JobState.SUCCEEDED and sample is None:
        raise ImageProtocol("the picture is ready, but where is not said", provider="bfl")
    seed = result.get("seed")
    return JobStatus(
        state=state,
        raw_status=raw,
        output=sample,
        progress=_progress(data.get("progress")),
        reasons=_reasons(data.get("details")),
        cost=handle.cost,
        seed=seed if isinstance(seed, int) else None,
    )


def reported(value: object) -> Cost | None:
    """The cost an order was answered with; None where it names none."""
    credits = number(value)
    return None if credits is None or credits < 0 else cost(credits, "reported")


def number(value: object) -> float | None:
    """A finite JSON number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 and math.isfinite(value) else None


def _progress(value: object) -> float | None:
    """0..1 whether the vendor counts to 1 or to 100."""
    count = number(value)
    if count is None or count < 0:
        return None
    return min(count if count <= 1 else count / 100, 1.0)


def _reasons(details: object) -> tuple[str, ...]:
    """`{"Moderation Reasons": [...]}`, or whatever words an Error came with."""
    if isinstance(details, Mapping):
        named = details.get("Moderation Reasons", list(details.values()))
        details = named if isinstance(named, list) else [named]
    found = details if isinstance(details, list) else [details]
    return tuple(item[:200] for item in found[:10] if isinstance(item, str) and item)


def text(value: object) -> str | None:
    """A text with something in it, or None."""
    return value if isinstance(value, str) and value else None
