"""Apiframe's dialect of the fake vendor, as strict as its OpenAPI file (providers.md 4)."""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.misbehaviour import misbehave
from tests.fakes.vendor import Job, Vendor
from tests.fakes.vendor_pictures import deliver, merged, painted

_KEYS = {"prompt", "model", "fluxParams", "webhookUrl", "webhookEvents"}
_PARAMS = {
    *("resolution", "aspect_ratio", "output_format", "output_quality", "seed"),
    *("prompt_upsampling", "input_images", "image_prompt", "image_prompt_strength"),
    *("width", "height", "steps", "guidance", "raw", "go_fast"),
}
_FLUX2 = {"flux-2-pro", "flux-2-dev", "flux-2-flex", "flux-2-max"}
_MODELS = {*_FLUX2, "flux-1.1-pro", "flux-1.1-pro-ultra"}
_PIXELS = {"0.5MP": 0.5, "1MP": 1.0, "2MP": 2.0, "4MP": 4.0}
_TYPES = {"jpg": "jpeg", "png": "png", "webp": "webp"}
_COST = 10
#: the harness's own plan speaks BFL's words
_WORDS = {"Pending": "PROCESSING", "Ready": "COMPLETED"}


def apiframe_routes(vendor: Vendor) -> list[Route]:
    """The endpoints the desk uses, and the delivery host."""
    server = _Apiframe(vendor)
    return [
        Route("/v2/images/generate", server.submit, methods=["POST"]),
        Route("/v2/jobs/{job:path}", server.poll, methods=["GET"]),
        Route("/v2/uploads", server.upload, methods=["POST"]),
        Route("/v2/me", server.me, methods=["GET"]),
        Route("/delivery/{job}", server.deliver, methods=["GET"]),
    ]


class _Apiframe:
    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        #: idempotency key -> the body it came with, and its job
        self.orders: dict[str, tuple[dict[str, Any], Job]] = {}
        self.uploaded = 0

    async def submit(self, request: Request) -> Response:
        vendor = self.vendor
        body = await request.json()
        vendor.note("submit", request, body=body)
        fault = vendor.fault("submit")
        if fault is not None and not fault.accepted:
            return misbehave(fault)
        refused = self._stranger(request) or _wrong(body)
        if refused is not None:
            return refused
        key = request.headers.get("idempotency-key", "")
        known, job = self.orders.get(key, (body, None))
        if known != body:
            return _error(409, "Idempotency key was used with a different body")
        job = job or vendor.accept(str(uuid.uuid4()), body["model"], body, _COST)
        if key:
            self.orders[key] = (body, job)
        if fault is not None:
            return misbehave(fault)
        headers = {"x-request-id": f"req-{job.id}"}
        reply = merged({"jobId": job.id, "status": "QUEUED"}, job.plan.order)
        return JSONResponse(reply, 202, headers=headers)

    async def poll(self, request: Request) -> Response:
        job_id = request.path_params["job"]
        self.vendor.note("poll", request, job_id)
        fault = self.vendor.fault("poll")
        if fault is not None:
            return misbehave(fault)
        refused = self._stranger(request)
        if refused is not None:
            return refused
        job = self.vendor.jobs.get(job_id)
        return JSONResponse(_poll_reply(request, job)) if job else _error(404, "Job not found")

    async def upload(self, request: Request) -> Response:
        async with request.form() as form:
            names = sorted(form.keys())
            file = form.get("file")
            data = b"" if file is None or isinstance(file, str) else await file.read()
            mime = None if file is None or isinstance(file, str) else file.content_type
        self.vendor.note("upload", request, fields=names, mime=mime, size=len(data))
        fault = self.vendor.fault("upload")
        if fault is not None:
            return misbehave(fault)
        refused = self._stranger(request)
        if refused is not None:
            return refused
        if names != ["file"] or not data:
            return _error(400, "file is required")
        self.uploaded += 1
        url = f"https://cdn2.apiframe.example/uploads/{self.uploaded}.png"
        return JSONResponse({"id": str(uuid.uuid4()), "url": url, "kind": "image"}, 201)

    async def me(self, request: Request) -> Response:
        self.vendor.note("credits", request)
        fault = self.vendor.fault("credits")
        if fault is not None:
            return misbehave(fault)
        reply = {"user": {}, "team": {"credits": 120, "plan": "basic"}, "apiKey": {}}
        return self._stranger(request) or JSONResponse(reply)

    async def deliver(self, request: Request) -> Response:
        if "x-api-key" in request.headers:
            return Response("a key came to the delivery host", 400)
        job = self.vendor.jobs.get(request.path_params["job"])
        if job is None:
            return deliver(self.vendor, request, None, "")
        params = job.body["fluxParams"]
        kind = _TYPES[params["output_format"]]
        picture = painted(job, _size(job.model, params), kind)
        return deliver(self.vendor, request, picture, f"image/{kind}")

    def _stranger(self, request: Request) -> Response | None:
        if request.headers.get("x-api-key") == self.vendor.key:
            return None
        self.vendor.note("refused", request, why="key")
        return _error(401, "Invalid API key")


def _poll_reply(request: Request, job: Job) -> dict[str, Any]:
    answer = job.next_answer()
    word = _WORDS.get(str(answer.get("status")), answer.get("status"))
    blank = {"model": job.model, "progress": 0, "result": None, "error": None, "expired": False}
    reply = {"id": job.id, **blank, "webhookStatus": None}
    if word == "COMPLETED":
        url = f"{request.base_url}delivery/{job.id}"
        reply |= {"result": {"images": [url]}, "creditCost": _COST, "progress": 100}
    return {**reply, **answer, "status": word}


def _wrong(body: dict[str, Any]) -> Response | None:
    problem = _problem(body)
    if problem is None:
        return None
    field, message = problem
    return JSONResponse({"error": "Validation failed", "details": {field: [message]}}, 400)


def _problem(body: dict[str, Any]) -> tuple[str, str] | None:
    params = body.get("fluxParams", {})
    unknown = sorted(body.keys() - _KEYS) + [f"fluxParams.{k}" for k in params.keys() - _PARAMS]
    if unknown:
        return unknown[0], "Unrecognized key"
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= 2000:
        return "prompt", "must be 1 to 2000 characters"
    if body.get("model") not in _MODELS:
        return "model", "Invalid discriminator value"
    links = params.get("input_images", [])
    wrong = (
        ("resolution", params.get("resolution", "1MP") not in _PIXELS),
        ("aspect_ratio", not re.fullmatch(r"\d+:\d+", params.get("aspect_ratio", "1:1"))),
        ("output_format", params.get("output_format", "jpg") not in _TYPES),
        ("seed", not isinstance(params.get("seed", 1), int)),
        ("prompt_upsampling", not isinstance(params.get("prompt_upsampling", True), bool)),
        ("input_images", len(links) > 10 or not all(one.startswith("http") for one in links)),
    )
    found = next((name for name, is_wrong in wrong if is_wrong), None)
    return (f"fluxParams.{found}", "Invalid value") if found else None


def _size(model: str, params: dict[str, Any]) -> tuple[int, int]:
    """Sides of that proportion and area, at most 2048, down to multiples of 32."""
    across, down = map(int, params["aspect_ratio"].split(":"))
    usual = {"flux-1.1-pro": 1.0, "flux-1.1-pro-ultra": 4.0}.get(model, 2.0)
    area = _PIXELS.get(params.get("resolution", ""), usual) * 1024 * 1024
    height = (area * down / across) ** 0.5
    width = height * across / down
    shrink = min(1.0, 2048 / max(width, height))
    return int(width * shrink + 0.001) // 32 * 32, int(height * shrink + 0.001) // 32 * 32


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)
