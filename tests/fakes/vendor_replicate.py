"""Replicate's dialect of the fake vendor, and CometAPI's accent of it (providers.md 3)."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.fakes.misbehaviour import misbehave
from tests.fakes.vendor import Job, Vendor
from tests.fakes.vendor_pictures import bears_the_key, deliver, merged, painted

_OLD_RATIOS = {
    *("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21"),
}
_NEW_RATIOS = {*("1:1", "16:9", "3:2", "2:3", "4:5", "5:4", "9:16", "3:4", "4:3", "custom")}
_ALL = {"prompt", "seed", "aspect_ratio", "output_format"}
_SIDES = {"width", "height"}
#: model -> fields besides those of all, proportions, longest side, formats
_MODELS: dict[str, tuple[set[str], set[str], int, set[str]]] = {
    "flux-2-pro": (
        {*_SIDES, "input_images", "resolution", "safety_tolerance", "output_quality"},
        {*_NEW_RATIOS, "match_input_image"},
        2048,
        {"webp", "jpg", "png"},
    ),
    "flux-2-dev": (
        {*_SIDES, "input_images", "go_fast", "output_quality", "disable_safety_checker"},
        {*_NEW_RATIOS, "match_input_image"},
        1440,
        {"webp", "jpg", "png"},
    ),
    "flux-1.1-pro": (
        {*_SIDES, "image_prompt", "safety_tolerance", "prompt_upsampling", "output_quality"},
        _NEW_RATIOS,
        1440,
        {"webp", "jpg", "png"},
    ),
    "flux-1.1-pro-ultra": (
        {"image_prompt", "image_prompt_strength", "raw", "safety_tolerance"},
        _OLD_RATIOS,
        0,
        {"jpg", "png"},
    ),
    "flux-schnell": (
        {"num_outputs", "num_inference_steps", "output_quality", "go_fast", "megapixels"},
        _OLD_RATIOS,
        0,
        {"webp", "jpg", "png"},
    ),
    "flux-kontext-pro": (
        {"input_image", "safety_tolerance", "prompt_upsampling"},
        {*_OLD_RATIOS, "2:1", "1:2", "match_input_image"},
        0,
        {"jpg", "png"},
    ),
}
#: the harness's own plan speaks BFL's words
_WORDS = {"Pending": "processing", "Ready": "succeeded"}
_TYPES = {"jpg": "jpeg", "png": "png", "webp": "webp"}


def replicate_routes(vendor: Vendor, *, comet: bool = False) -> list[Route]:
    """The endpoints the desk uses, under /replicate at CometAPI, and the delivery host."""
    server = _Replicate(vendor, comet=comet)
    root = "/replicate" if comet else ""
    routes = [
        Route(f"{root}/v1/models/{{owner}}/{{name}}/predictions", server.submit, methods=["POST"]),
        Route(f"{root}/v1/predictions/{{job}}", server.poll, methods=["GET"]),
        Route("/delivery/{job}", server.deliver, methods=["GET"]),
    ]
    if comet:
        anything = Route("/{path:path}", _lost, methods=["GET", "POST"])
        return [*routes, anything]
    return [*routes, Route("/v1/predictions/{job}/cancel", server.cancel, methods=["POST"])]


def comet_routes(vendor: Vendor) -> list[Route]:
    """CometAPI's."""
    return replicate_routes(vendor, comet=True)


class _Replicate:
    def __init__(self, vendor: Vendor, *, comet: bool) -> None:
        self.vendor = vendor
        self.comet = comet

    async def submit(self, request: Request) -> Response:
        vendor, name = self.vendor, request.path_params["name"]
        body = await request.json()
        vendor.note("submit", request, body=body)
        fault = vendor.fault("submit")
        if fault is not None and not fault.accepted:
            return misbehave(fault)
        if not bears_the_key(vendor, request):
            return self._stranger()
        problem = _problem(request.path_params["owner"], name, body)
        if problem is not None:
            return self._invalid(problem)
        job = vendor.accept(secrets.token_hex(13), name, body, 1.0)
        return misbehave(fault) if fault is not None else self._order_reply(job)

    async def poll(self, request: Request) -> Response:
        job_id = request.path_params["job"]
        self.vendor.note("poll", request, job_id)
        fault = self.vendor.fault("poll")
        if fault is not None:
            return misbehave(fault)
        if not bears_the_key(self.vendor, request):
            return self._stranger()
        job = self.vendor.jobs.get(job_id)
        if job is None:
            return _problem_json(404, "Not found", "The requested resource could not be found.")
        return JSONResponse(self._prediction(request, job))

    async def cancel(self, request: Request) -> Response:
        job_id = request.path_params["job"]
        self.vendor.note("cancel", request, job_id)
        if not bears_the_key(self.vendor, request):
            return self._stranger()
        job = self.vendor.jobs.get(job_id)
        if job is None:
            return _problem_json(404, "Not found", "The requested resource could not be found.")
        status = "succeeded" if job.finished else "canceled"
        return JSONResponse({**_blank(job), "status": status})

    async def deliver(self, request: Request) -> Response:
        job = self.vendor.jobs.get(request.path_params["job"])
        if job is None:
            return deliver(self.vendor, request, None, "")
        fields = job.body["input"]
        kind = _TYPES[fields.get("output_format", "webp")]
        size = fields.get("width", 1024), fields.get("height", 1024)
        return deliver(self.vendor, request, painted(job, size, kind), f"image/{kind}")

    def _order_reply(self, job: Job) -> Response:
        return JSONResponse(merged({**_blank(job), "status": "starting"}, job.plan.order), 201)

    def _prediction(self, request: Request, job: Job) -> dict[str, Any]:
        answer = job.next_answer()
        word = answer.get("status")
        reply = {**_blank(job), **answer, "status": _WORDS.get(str(word), word)}
        if reply["status"] == "succeeded" and "output" not in answer:
            url = f"{request.base_url}delivery/{job.id}"
            reply["output"] = [url] if job.model in ("flux-schnell", "flux-dev") else url
        return reply

    def _stranger(self) -> Response:
        if self.comet:
            return _comet_error(401, "", "invalid token (request id: 1)")
        return _problem_json(401, "Unauthenticated", "You did not pass a valid token")

    def _invalid(self, field: str) -> Response:
        if self.comet:
            return _comet_error(500, "invalid_request", f"{field} is wrong (request id: 1)")
        return _problem_json(422, "Input validation failed", f"- input.{field}: is wrong")


async def _lost(request: Request) -> Response:
    """A path CometAPI does not have is answered with its web page."""
    return HTMLResponse("<html><body>CometAPI</body></html>")


def _blank(job: Job) -> dict[str, Any]:
    """A prediction; its addresses are Replicate's own, whoever answers."""
    place = f"https://api.replicate.com/v1/predictions/{job.id}"
    return {
        "id": job.id,
        "model": f"black-forest-labs/{job.model}",
        "version": "hidden",
        "input": job.body["input"],
        "logs": "",
        "output": None,
        "error": None,
        "metrics": {},
        "data_removed": False,
        "urls": {"get": place, "cancel": f"{place}/cancel"},
    }


def _problem(owner: str, name: str, body: dict[str, Any]) -> str | None:
    if owner != "black-forest-labs" or name not in _MODELS:
        return "model"
    if body.keys() - {"input", "webhook", "webhook_events_filter"}:
        return "unknown"
    further, ratios, longest, formats = _MODELS[name]
    fields: dict[str, Any] = body.get("input", {})
    unknown = fields.keys() - _ALL - further
    if unknown:
        return min(unknown)
    wrong = (
        ("prompt", not isinstance(fields.get("prompt"), str)),
        ("aspect_ratio", fields.get("aspect_ratio", "1:1") not in ratios),
        ("output_format", fields.get("output_format", "webp") not in formats),
        ("safety_tolerance", not 0 <= fields.get("safety_tolerance", 2) <= 6),
        ("input_images", not isinstance(fields.get("input_images", []), list)),
    )
    found = next((field for field, is_wrong in wrong if is_wrong), None)
    return found or _wrong_side(fields, longest)


def _wrong_side(fields: dict[str, Any], longest: int) -> str | None:
    for side in _SIDES:
        custom = fields.get("aspect_ratio") == "custom"
        if custom != (side in fields):
            return side
        if custom and (fields[side] % 16 or not 256 <= fields[side] <= longest):
            return side
    return None


def _problem_json(status: int, title: str, detail: str) -> Response:
    body = {"title": title, "detail": detail, "status": status}
    return JSONResponse(body, status, media_type="application/problem+json")


def _comet_error(status: int, code: str, message: str) -> Response:
    error = {"message": message, "type": "comet_api_error", "param": "", "code": code}
    return JSONResponse({"error": error}, status)
