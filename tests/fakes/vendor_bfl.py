"""BFL's dialect of the fake vendor, as strict as its openapi.json (providers.md 1)."""

from __future__ import annotations

import io
import secrets
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.misbehaviour import misbehave
from tests.fakes.vendor import Job, Vendor

#: model -> (step, longest side, highest safety_tolerance, further fields)
_SIZED = {
    "flux-2-pro": (16, 2048, 5, {"disable_pup"}),
    "flux-2-pro-preview": (16, 2048, 5, {"disable_pup"}),
    "flux-2-max": (16, 2048, 5, {"disable_pup"}),
    "flux-2-flex": (16, 2048, 5, {"prompt_upsampling", "steps", "guidance"}),
    "flux-2-klein-4b": (16, 2048, 5, set[str]()),
    "flux-pro-1.1": (32, 1440, 6, {"prompt_upsampling", "image_prompt"}),
    "flux-dev": (32, 1440, 6, {"prompt_upsampling", "image_prompt"}),
}
_COMMON = {
    "prompt",
    "width",
    "height",
    "seed",
    "safety_tolerance",
    "output_format",
    "webhook_url",
    "webhook_secret",
}
_ACTIVE_MAX = 24
_COST = 3.0
_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def bfl_routes(vendor: Vendor) -> list[Route]:
    """The endpoints the desk uses, and the delivery host."""
    bfl = _Bfl(vendor)
    return [
        Route("/v1/get_result", bfl.poll, methods=["GET"]),
        Route("/v1/credits", bfl.credits, methods=["GET"]),
        Route("/v1/{model}", bfl.submit, methods=["POST"]),
        Route("/delivery/{job}", bfl.deliver, methods=["GET"]),
    ]


class _Bfl:
    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor

    async def submit(self, request: Request) -> Response:
        vendor = self.vendor
        body = await request.json()
        vendor.note("submit", request, body=body)
        fault = vendor.fault("submit")
        if fault is not None and not fault.accepted:
            return misbehave(fault)
        refused = self._stranger(request) or self._wrong(request.path_params["model"], body)
        if refused is not None:
            return refused
        job = vendor.accept(secrets.token_hex(8), request.path_params["model"], body, _COST)
        return misbehave(fault) if fault is not None else self._order_reply(request, job)

    async def poll(self, request: Request) -> Response:
        job_id = request.query_params.get("id", "")
        self.vendor.note("poll", request, job_id)
        fault = self.vendor.fault("poll")
        if fault is not None:
            return misbehave(fault)
        refused = self._stranger(request)
        if refused is not None:
            return refused
        job = self.vendor.jobs.get(job_id)
        if job is None:
            return JSONResponse({"id": job_id, "status": "Task not found", "result": None})
        return JSONResponse(self._poll_reply(request, job))

    async def credits(self, request: Request) -> Response:
        self.vendor.note("credits", request)
        fault = self.vendor.fault("credits")
        if fault is not None:
            return misbehave(fault)
        return self._stranger(request) or JSONResponse({"credits": 1234.5})

    async def deliver(self, request: Request) -> Response:
        job_id = request.path_params["job"]
        self.vendor.note("download", request, job_id)
        fault = self.vendor.fault("download")
        if fault is not None:
            return misbehave(fault)
        if "x-key" in request.headers or "authorization" in request.headers:
            return Response("a key came to the delivery host", 400)
        job = self.vendor.jobs.get(job_id)
        if job is None:
            return Response(status_code=404)
        return Response(_picture(job), media_type=_TYPES[job.body.get("output_format", "jpeg")])

    def _stranger(self, request: Request) -> Response | None:
        if request.headers.get("x-key") == self.vendor.key:
            return None
        self.vendor.note("refused", request, why="key")
        return JSONResponse({"detail": "Not authenticated - Invalid Authentication"}, 403)

    def _wrong(self, model: str, body: dict[str, Any]) -> Response | None:
        if model not in _SIZED:
            return JSONResponse({"detail": "Not Found"}, 404)
        problem = _problem(model, body)
        if problem is not None:
            field, message = problem
            detail = [{"loc": ["body", field], "msg": message, "type": "value_error"}]
            return JSONResponse({"detail": detail}, 422)
        active = sum(not job.finished for job in self.vendor.jobs.values())
        if active >= _ACTIVE_MAX:
            return JSONResponse({"detail": "Active tasks limit exceeded"}, 429)
        return None

    def _order_reply(self, request: Request, job: Job) -> Response:
        pixels = round(job.body["width"] * job.body["height"] / 1e6, 2)
        reply = {"id": job.id, "cost": _COST, "input_mp": 0.0, "output_mp": pixels}
        if "webhook_url" in job.body:
            reply |= {"status": "Pending", "webhook_url": job.body["webhook_url"]}
        else:
            reply["polling_url"] = f"{request.base_url}v1/get_result?id={job.id}"
        return JSONResponse(_merged(reply, job.plan.order))

    def _poll_reply(self, request: Request, job: Job) -> dict[str, Any]:
        answer = job.next_answer()
        empty = {"result": None, "progress": None, "details": None, "preview": None}
        reply = {"id": job.id, **empty, **answer}
        if str(reply["status"]).lower() == "ready" and "result" not in answer:
            sample = f"{request.base_url}delivery/{job.id}"
            seed = job.body.get("seed", 42)
            reply["result"] = {"sample": sample, "prompt": job.body["prompt"], "seed": seed}
        return reply


def _problem(model: str, body: dict[str, Any]) -> tuple[str, str] | None:
    step, longest, safest, further = _SIZED[model]
    images = {"input_image", *(f"input_image_{n}" for n in range(2, 9))}
    unknown = body.keys() - _COMMON - further - (images if model.startswith("flux-2") else set())
    if unknown:
        return min(unknown), "extra fields not permitted"
    if not isinstance(body.get("prompt"), str):
        return "prompt", "field required"
    for side in ("width", "height"):
        value = body.get(side)
        if not isinstance(value, int) or value % step or not 64 <= value <= longest:
            return side, f"must be a multiple of {step} from 64 to {longest}"
    if not 0 <= body.get("safety_tolerance", 2) <= safest:
        return "safety_tolerance", f"must be from 0 to {safest}"
    if body.get("output_format", "jpeg") not in _TYPES:
        return "output_format", "must be jpeg, png or webp"
    return None


def _merged(reply: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**reply, **over}.items() if value is not None}


def _picture(job: Job) -> bytes:
    asked = job.plan.picture
    if "text" in asked:
        return str(asked["text"]).encode()
    size = tuple(asked.get("size", (job.body["width"], job.body["height"])))
    stream = io.BytesIO()
    kind = asked.get("format", job.body.get("output_format", "jpeg")).upper()
    Image.linear_gradient("L").resize(size).convert("RGB").save(stream, kind)
    return stream.getvalue()
