"""The pictures of fake vendors, and what their dialects check alike."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from tests.fakes.misbehaviour import misbehave
from tests.fakes.vendor import Job, Vendor


def painted(job: Job, size: tuple[int, int], kind: str) -> bytes:
    """The job's picture, unless its plan says otherwise."""
    asked = job.plan.picture
    if "text" in asked:
        return str(asked["text"]).encode()
    stream = io.BytesIO()
    picture = Image.linear_gradient("L").resize(tuple(asked.get("size", size))).convert("RGB")
    picture.save(stream, asked.get("format", kind).upper())
    return stream.getvalue()


def merged(reply: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid upon `reply`; None removes a field."""
    return {key: value for key, value in {**reply, **over}.items() if value is not None}


def bears_the_key(vendor: Vendor, request: Request) -> bool:
    """Whether the right key came, as a bearer's; a wrong one goes into the ledger."""
    if request.headers.get("authorization") == f"Bearer {vendor.key}":
        return True
    vendor.note("refused", request, why="key")
    return False


def deliver(vendor: Vendor, request: Request, picture: bytes | None, kind: str) -> Response:
    """A delivery host: anybody may fetch, and nobody brings a key."""
    job_id = request.path_params["job"]
    vendor.note("download", request, job_id)
    fault = vendor.fault("download")
    if fault is not None:
        return misbehave(fault)
    if "authorization" in request.headers or "x-key" in request.headers:
        return Response("a key came to the delivery host", 400)
    return Response(status_code=404) if picture is None else Response(picture, media_type=kind)
