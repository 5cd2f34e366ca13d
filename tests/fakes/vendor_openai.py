"""An OpenAI-compatible image server, as strict as vLLM-Omni's (providers.md 6)."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.misbehaviour import misbehave
from tests.fakes.vendor import Job, Vendor
from tests.fakes.vendor_pictures import bears_the_key, deliver, merged, painted

_FIELDS = {"model", "prompt", "n", "size", "response_format", "seed"}


def openai_routes(vendor: Vendor) -> list[Route]:
    """The endpoint under both of its usual places, and where pictures lie that come as URLs."""
    server = _Server(vendor)
    return [
        Route("/v1/images/generations", server.submit, methods=["POST"]),
        Route("/v1/openai/images/generations", server.submit, methods=["POST"]),
        Route("/v1/images/{job}/content", server.content, methods=["GET"]),
    ]


class _Server:
    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor

    async def submit(self, request: Request) -> Response:
        vendor = self.vendor
        body = await request.json()
        vendor.note("submit", request, body=body)
        fault = vendor.fault("submit")
        if fault is not None and not fault.accepted:
            return misbehave(fault)
        if vendor.key and not bears_the_key(vendor, request):
            return _error(401, "invalid_api_key", "Incorrect API key provided")
        if body.get("model") != "flux":
            return _error(404, "model_not_found", "The model does not exist")
        problem = _problem(body)
        if problem is not None:
            detail = [{"loc": ["body", problem], "msg": "is wrong", "type": "value_error"}]
            return JSONResponse({"detail": detail}, 422)
        job = vendor.accept(secrets.token_hex(8), body["model"], body, 0.0)
        return misbehave(fault) if fault is not None else JSONResponse(_reply(job))

    async def content(self, request: Request) -> Response:
        job = self.vendor.jobs.get(request.path_params["job"])
        picture = None if job is None else painted(job, _size(job.body), "png")
        return deliver(self.vendor, request, picture, "image/png")


def _reply(job: Job) -> dict[str, Any]:
    """base64 if that is asked for, else a relative URL."""
    inside = job.body.get("response_format") == "b64_json"
    picture = base64.b64encode(painted(job, _size(job.body), "png")).decode()
    place = f"/v1/images/{job.id}/content"
    entry = {"b64_json": picture, "url": None} if inside else {"b64_json": None, "url": place}
    reply = {"created": int(time.time()), "data": [{**entry, "revised_prompt": None}]}
    return merged(reply, job.plan.order)


def _problem(body: dict[str, Any]) -> str | None:
    unknown = body.keys() - _FIELDS
    if unknown:
        return min(unknown)
    if not isinstance(body.get("prompt"), str):
        return "prompt"
    if body.get("n") != 1:
        return "n"
    if body.get("response_format", "b64_json") != "b64_json":
        return "response_format"
    width, height = _size(body)
    good = all(side % 16 == 0 and 64 <= side <= 2048 for side in (width, height))
    return None if good else "size"


def _size(body: dict[str, Any]) -> tuple[int, int]:
    width, _, height = str(body.get("size", "0x0")).partition("x")
    return int(width), int(height)


def _error(status: int, code: str, message: str) -> Response:
    error = {
        "message": message,
        "type": "invalid_request_error",
        "param": None,
        "code": code,
    }
    return JSONResponse({"error": error}, status)
