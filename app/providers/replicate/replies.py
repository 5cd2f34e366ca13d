"""Replicate's and CometAPI's answers in our words: statuses, outputs, refusals, pauses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from app.errors import (
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImageModerated,
    ImageProtocol,
)
from app.net.bearer import error_object, is_json
from app.net.client import Reply
from app.net.refusals import refusal
from app.orders import JobHandle, JobState, JobStatus
from app.providers.orders import UNPRICED

#: REP-docs lifecycle; `aborted` is a deadline before the start, which replicate-python misses
STATES: Mapping[str, JobState] = {
    "starting": JobState.RUNNING,
    "queued": JobState.RUNNING,
    "processing": JobState.RUNNING,
    "succeeded": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "canceled": JobState.CANCELED,
    "cancelled": JobState.CANCELED,
    "aborted": JobState.CANCELED,
}
#: words of a filter in the text of a failed prediction (HeyPuter PR #3719; cog-flux)
_FILTER = re.compile(r"nsfw|\be005\b|flagged|content policy|safety checker", re.IGNORECASE)
_RESETS = re.compile(rb"resets? in ~?(\d{1,4})\s?s")


def status(
    handle: JobHandle, data: Mapping[str, Any], *, hidden: Callable[[str], str]
) -> JobStatus:
    """One poll's answer; an unknown status is taken as running. `hidden` cuts the key out.

    `output` counts only once the status is `succeeded`: it may be partial before (REP-docs).
    `ImageProtocol` when it speaks of another job, or of a finished picture without its URL.
    """
    if data.get("id") not in (handle.job_id, None):
        raise ImageProtocol("the poll was answered for another job", provider=handle.provider)
    word = str(data.get("status"))[:100]
    state = STATES.get(word.strip().lower(), JobState.RUNNING)
    if state is JobState.SUCCEEDED:
        return _finished(handle, data, word)
    error = data.get("error")
    told = hidden(error)[:300] if isinstance(error, str) and state is JobState.FAILED else ""
    return JobStatus(
        state=JobState.MODERATED_OUTPUT if _FILTER.search(told) else state,
        raw_status=told or word,
        reasons=(told,) if told else (),
        cost=handle.cost,
    )


def _finished(handle: JobHandle, data: Mapping[str, Any], word: str) -> JobStatus:
    url = _first_url(data.get("output"))
    if url is None and data.get("data_removed") is True:
        # Outputs are deleted after an hour (REP-docs); a job we can no longer collect from.
        return JobStatus(state=JobState.NOT_FOUND, raw_status="expired: data_removed")
    if url is None:
        message = "the picture is ready, but where is not said"
        raise ImageProtocol(message, provider=handle.provider)
    asked = data.get("input")
    seed = asked.get("seed") if isinstance(asked, Mapping) else None
    return JobStatus(
        state=JobState.SUCCEEDED,
        raw_status=word,
        output=url,
        progress=1.0,
        cost=handle.cost or UNPRICED,
        seed=seed if type(seed) is int else None,
    )


def _first_url(output: object) -> str | None:
    """A string, or the first of a list: schnell and dev answer a list, the others a string."""
    first = output[0] if isinstance(output, list) and output else output
    return first if isinstance(first, str) and first else None


def kind_of(reply: Reply, *, ordering: bool) -> type[ImageError] | None:
    """What the body says of a refusal, None where only the HTTP status speaks.

    CometAPI answers a wrong request with HTTP 500 and the code invalid_request, and a path it does
    not have with HTML (COMET-docs).
    """
    usual = type(refusal(reply, provider="", ordering=ordering))
    code = str(error_object(reply).get("code"))
    if reply.status == 403 and ("quota" in code or b"quota" in reply.body.lower()):
        return ImageCredits
    if reply.status == 500 and code == "invalid_request":
        usual = ImageInvalid
    if usual is not ImageInvalid:
        return usual
    if not is_json(reply):
        return ImageProtocol
    text = reply.body[:4096].decode("utf-8", "replace")
    return ImageModerated if ordering and _FILTER.search(text) else ImageInvalid


def pause(reply: Reply) -> timedelta | None:
    """Seconds out of "Your rate limit resets in ~30s." (REP-docs), where no header says more."""
    found = _RESETS.search(reply.body[:4096])
    return timedelta(seconds=min(int(found[1]), 3600)) if found else None
