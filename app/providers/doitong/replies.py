"""Doitong's answers in our words: where the job is in them, its status, URL and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import ImageProtocol
from app.net.keyed import job_id_of, number
from app.orders import Cost, JobHandle, JobState, JobStatus
from app.providers.doitong.orders import NAME, UNIT

#: seed 001 knows `processing` and `completed`; the others are assumed [?]
STATES: Mapping[str, JobState] = {
    "": JobState.RUNNING,
    "queued": JobState.RUNNING,
    "pending": JobState.RUNNING,
    "processing": JobState.RUNNING,
    "completed": JobState.SUCCEEDED,
    "succeeded": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "error": JobState.FAILED,
    "cancelled": JobState.CANCELED,
    "canceled": JobState.CANCELED,
    "moderated": JobState.MODERATED_OUTPUT,
}
_ENDED_BADLY = frozenset({JobState.FAILED, JobState.CANCELED, JobState.MODERATED_OUTPUT})
#: the page's own replies are under `generate`, `generateImage` and `generateimage`
_MUTATIONS = ("generate", "generateimage")


def ordered_job(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The job in a mutation's answer: the first object named as either mutation."""
    data = answer.get("data")
    named = data.items() if isinstance(data, Mapping) else ()
    found = (
        value for name, value in named if name.lower() in _MUTATIONS and isinstance(value, Mapping)
    )
    return next(found, None)


def plain_job(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The job in a REST answer or a status query's: bare, under `data`, or one name deeper."""
    inside = answer.get("data", answer)
    if not isinstance(inside, Mapping):
        return None
    if {"id", "url", "status"} & inside.keys():
        return inside
    return next((value for value in inside.values() if isinstance(value, Mapping)), None)


def is_over(job: Mapping[str, Any]) -> bool:
    """Whether the order's own answer is the last word: a URL, or a bad end."""
    state = STATES.get(_status_word(job).strip().lower(), JobState.RUNNING)
    return bool(job.get("url")) or state in _ENDED_BADLY


def status_of(job: Mapping[str, Any], *, cost: Cost | None) -> JobStatus:
    """What one answer says about its job; a URL means that the picture is there.

    `ImageProtocol` for a finished picture without its URL.
    """
    raw = _status_word(job)
    state = STATES.get(raw.strip().lower(), JobState.RUNNING)
    url = job.get("url")
    output = url if isinstance(url, str) and url and state not in _ENDED_BADLY else None
    if state is JobState.SUCCEEDED and output is None:
        raise ImageProtocol("the picture is ready, but where is not said", provider=NAME)
    return JobStatus(
        state=JobState.SUCCEEDED if output else state,
        raw_status=raw or ("completed" if output else "processing"),
        output=output,
        reasons=_reasons(job),
        cost=reported(job) or cost,
    )


def polled(handle: JobHandle, job: Mapping[str, Any]) -> JobStatus:
    """One poll's answer; `ImageProtocol` when it speaks of another job."""
    if job_id_of(job.get("id")) not in (handle.job_id, None):
        raise ImageProtocol("the poll was answered for another job", provider=NAME)
    return status_of(job, cost=handle.cost)


def reported(job: Mapping[str, Any]) -> Cost | None:
    """`creditCost` as money; None where none is named."""
    credits = number(job.get("creditCost"))
    return None if credits is None else Cost(amount=credits, unit=UNIT, usd=None, basis="reported")


def _status_word(job: Mapping[str, Any]) -> str:
    word = job.get("status")
    return word[:100] if isinstance(word, str) else ""


def _reasons(job: Mapping[str, Any]) -> tuple[str, ...]:
    """Whatever words a failed job came with; no source says where they stand [?]."""
    metadata = job.get("metadata")
    places = (job, metadata if isinstance(metadata, Mapping) else {})
    told = (place.get(name) for place in places for name in ("error", "message"))
    return tuple(word[:200] for word in told if isinstance(word, str) and word)
