"""ModelVerse's dialect of the fake vendor: one POST, base64 inside (providers.md 2, seed 002)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.misbehaviour import misbehave
from tests.fakes.vendor import Job, Vendor
from tests.fakes.vendor_pictures import bears_the_key, merged, painted

#: model -> (shortest and longest side, fields besides the common ones); no webhook's among them
_MODELS = {
    "flux-2-pro": (
        (64, 2048),
        {"width", "height", "input_image", *(f"input_image_{n}" for n in range(2, 9))},
    ),
    "flux-pro-1.1": ((256, 1440), {"width", "height", "image_prompt", "prompt_upsampling"}),
    "flux-kontext-pro": (
        (0, 0),
        {
            "aspect_ratio",
            "prompt_upsampling",
            "input_image",
            *(f"input_image_{n}" for n in range(2, 5)),
        },
    ),
}
_COMMON = {"prompt", "seed", "safety_tolerance", "output_format"}


def modelverse_routes(vendor: Vendor) -> list[Route]:
    """The one endpoint."""
    return [Route("/v1/{model}", _ModelVerse(vendor).submit, methods=["POST"])]


class _ModelVerse:
    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor

    async def submit(self, request: Request) -> Response:
        vendor, model = self.vendor, request.path_params["model"]
        body = await request.json()
        vendor.note("submit", request, body=body)
        fault = vendor.fault("submit")
        if fault is not None and not fault.accepted:
            return misbehave(fault)
        if not bears_the_key(vendor, request):
            return _error(401, "auth_error", "Validate Certification failed")
        problem = _problem(model, body)
        if problem is not None:
            return _error(400, "param_error", f"Invalid param: {problem}")
        job = vendor.accept(secrets.token_hex(8), model, body, 1.0)
        await asyncio.sleep(job.plan.seconds)
        return misbehave(fault) if fault is not None else JSONResponse(_reply(job))


def _reply(job: Job) -> dict[str, Any]:
    width, height = job.body.get("width", 1024), job.body.get("height", 1024)
    picture = painted(job, (width, height), job.body.get("output_format", "png"))
    reply = {
        "createed": int(time.time()),
        "input_mp": 0,
        "output_mp": math.ceil(width * height / 1e6),
        "total_pixels": width * height,
        "data": [{"b64_json": base64.b64encode(picture).decode()}],
    }
    return merged(reply, job.plan.order)


def _problem(model: str, body: dict[str, Any]) -> str | None:
    if model not in _MODELS:
        return "model"
    (shortest, longest), further = _MODELS[model]
    unknown = body.keys() - _COMMON - further
    if unknown:
        return min(unknown)
    if not isinstance(body.get("prompt"), str):
        return "prompt"
    for side in {"width", "height"} & further:
        value = body.get(side)
        if not isinstance(value, int) or value % 32 or not shortest <= value <= longest:
            return side
    if type(body.get("safety_tolerance", 2)) is not int:
        return "safety_tolerance"
    if body.get("output_format", "png") not in ("png", "jpeg"):
        return "output_format"
    pictures = [name for name in body if name.startswith(("input_image", "image_prompt"))]
    return next((name for name in pictures if not _is_base64(body[name])), None)


def _is_base64(value: object) -> bool:
    try:
        return bool(base64.b64decode(str(value), validate=True))
    except (binascii.Error, ValueError):
        return False


def _error(status: int, code: str, message: str) -> Response:
    error = {
        "message": message,
        "type": "invalid_request_error",
        "param": "req-1",
        "code": code,
    }
    return JSONResponse({"error": error}, status)
