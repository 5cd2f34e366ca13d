"""Doitong's dialects of the fake vendor: the readings of seed 001 in providers.md 5, strictly."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.misbehaviour import misbehave
from tests.fakes.vendor import Job, Vendor
from tests.fakes.vendor_pictures import deliver, painted

#: mutation -> its input type and the fields of its result
_MUTATIONS = {
    "generate": (
        "GenerateInput",
        {"id", "status", "type", "provider", "url", "metadata", "creditCost", "createdAt"},
    ),
    "generateImage": ("ImageGenerationInput", {"id", "url", "width", "height"}),
}
_PLAIN = {"service", "prompt", "width", "height", "version", "webhookUrl"}
_VERSIONS = {"flux-pro", "flux-pro-1.1"}
_STATUS_FIELDS = {"id", "status", "url", "metadata", "creditCost"}
_COST = 15
#: the harness's own plan speaks BFL's words
_WORDS = {"Pending": "processing", "Ready": "completed"}
_QUERY = re.compile(
    r"^(?P<kind>mutation|query)\s*\w*\s*\(\$(?P<name>\w+):\s*(?P<type>\w+)!\)\s*"
    r"\{\s*(?P<field>\w+)\s*\((?P<argument>\w+):\s*\$(?P=name)\)\s*\{(?P<fields>[^{}]*)\}\s*\}$"
)


def doitong_routes(
    vendor: Vendor,
    *,
    mutations: Collection[str] = ("generate", "generateImage"),
    status_field: str | None = "generation",
) -> list[Route]:
    """Both doors and the CDN. `mutations` are those it has, `status_field` its status query's."""
    server = _Doitong(vendor, mutations, status_field)
    return [
        Route("/graphql", server.graphql, methods=["POST"]),
        Route("/v1/text_to_image", server.rest, methods=["POST"]),
        Route("/v1/jobs/{job}", server.rest_status, methods=["GET"]),
        Route("/outputs/{job}", server.deliver, methods=["GET"]),
    ]


def graphql_error(message: str, code: str | None = None, **facts: Any) -> dict[str, Any]:
    """A GraphQL error as seed 001 shows it."""
    extensions = {"code": code, **facts} if code else facts
    return {"errors": [{"message": message, "extensions": extensions}]}


class _Doitong:
    def __init__(
        self, vendor: Vendor, mutations: Collection[str], status_field: str | None
    ) -> None:
        self.vendor = vendor
        self.mutations = mutations
        self.status_field = status_field
        #: idempotency key -> the body it came with, and its job
        self.orders: dict[str, tuple[dict[str, Any], Job]] = {}

    async def graphql(self, request: Request) -> Response:
        body = await request.json()
        query = str(body.get("query"))
        if query.startswith("mutation"):
            return self._mutation(request, body)
        return self._status(request, body)

    async def rest(self, request: Request) -> Response:
        body = await request.json()
        self.vendor.note("submit", request, body=body)
        fault = self.vendor.fault("submit")
        if fault is not None and not fault.accepted:
            return misbehave(fault)
        if request.headers.get("x-api-key") != self.vendor.key:
            return self._stranger(request)
        problem = _wrong_fields(body)
        if problem:
            return JSONResponse({"message": problem}, 400)
        job = self._accept(request, body, body["width"], body["height"])
        if isinstance(job, Response):
            return job
        if fault is not None:
            return misbehave(fault)
        reply = {"id": job.id, "status": "processing", "url": None}
        return JSONResponse({"data": {**reply, **job.plan.order}})

    async def rest_status(self, request: Request) -> Response:
        job = self.vendor.jobs.get(request.path_params["job"])
        self.vendor.note("poll", request, request.path_params["job"])
        if request.headers.get("x-api-key") != self.vendor.key:
            return self._stranger(request)
        if job is None:
            return JSONResponse({"message": "no such job"}, 404)
        return JSONResponse(_job_reply(request, job))

    async def deliver(self, request: Request) -> Response:
        if "x-api-key" in request.headers:
            return Response("a key came to the delivery host", 400)
        job = self.vendor.jobs.get(request.path_params["job"].removesuffix(".jpg"))
        if job is None:
            return deliver(self.vendor, request, None, "")
        size = job.body["_size"]
        return deliver(self.vendor, request, painted(job, size, "jpeg"), "image/jpeg")

    def _mutation(self, request: Request, body: dict[str, Any]) -> Response:
        self.vendor.note("submit", request, body=body)
        fault = self.vendor.fault("submit")
        if fault is not None and not fault.accepted:
            return misbehave(fault)
        if request.headers.get("authorization") != f"Bearer {self.vendor.key}":
            return self._stranger(request)
        found = _QUERY.match(str(body.get("query")))
        problem = "Syntax Error" if found is None else self._misfit(found)
        given = body.get("variables", {}).get("input", {})
        field = found["field"] if found else ""
        problem = problem or (_wrong_input(given) if field == "generate" else _wrong_fields(given))
        if problem or found is None:
            return _graphql_error(str(problem), "GRAPHQL_VALIDATION_FAILED", 400)
        sized = given["options"] if field == "generate" else given
        job = self._accept(request, given, sized["width"], sized["height"])
        if isinstance(job, Response):
            return job
        if fault is not None:
            return misbehave(fault)
        reply = {"id": job.id, "status": "processing", "url": None, "type": "IMAGE"}
        asked = found["fields"].split()
        told = {name: value for name, value in reply.items() if name in asked}
        return JSONResponse({"data": {field: {**told, **job.plan.order}}})

    def _misfit(self, found: re.Match[str]) -> str | None:
        """How GraphQL refuses what its schema does not have, before it runs anything."""
        field = found["field"]
        if field not in self.mutations:
            return f'Cannot query field "{field}" on type "Mutation".'
        kind, fields = _MUTATIONS[field]
        if found["type"] != kind:
            return f'Unknown type "{found["type"]}".'
        strange = sorted(set(found["fields"].split()) - fields)
        return f'Cannot query field "{strange[0]}" on type "Generation".' if strange else None

    def _accept(
        self, request: Request, given: dict[str, Any], width: int, height: int
    ) -> Job | Response:
        key = request.headers.get("idempotency-key", "")
        known, job = self.orders.get(key, (given, None))
        if known != given:
            return _graphql_error("Idempotency-Key was used before", "CONFLICT", 409)
        if job is None:
            kept = {**given, "_size": (width, height)}
            job = self.vendor.accept(secrets.token_hex(5), "flux-pro", kept, _COST)
        if key:
            self.orders[key] = (given, job)
        return job

    def _status(self, request: Request, body: dict[str, Any]) -> Response:
        job_id = str(body.get("variables", {}).get("id"))
        self.vendor.note("poll", request, job_id)
        fault = self.vendor.fault("poll")
        if fault is not None:
            return misbehave(fault)
        if request.headers.get("authorization") != f"Bearer {self.vendor.key}":
            return self._stranger(request)
        found = _QUERY.match(str(body.get("query")))
        if found is None or found["field"] != self.status_field:
            name = found["field"] if found else "?"
            message = f'Cannot query field "{name}" on type "Query".'
            return _graphql_error(message, "GRAPHQL_VALIDATION_FAILED", 400)
        asked = set(found["fields"].split())
        if asked - _STATUS_FIELDS:
            return _graphql_error("Cannot query field", "GRAPHQL_VALIDATION_FAILED", 400)
        job = self.vendor.jobs.get(job_id)
        told = _job_reply(request, job) if job else None
        return JSONResponse({"data": {self.status_field: told}})

    def _stranger(self, request: Request) -> Response:
        self.vendor.note("refused", request, why="key")
        return _graphql_error("Missing or invalid API key", "UNAUTHENTICATED", 401)


def _job_reply(request: Request, job: Job) -> dict[str, Any]:
    answer = job.next_answer()
    word = _WORDS.get(str(answer.get("status")), answer.get("status"))
    reply = {"id": job.id, "url": None, "metadata": {}, **answer, "status": word}
    if word == "completed" and "url" not in answer:
        reply["url"] = f"{request.base_url}outputs/{job.id}.jpg"
        reply.setdefault("creditCost", _COST)
    return reply


def _wrong_input(given: dict[str, Any]) -> str | None:
    """The main example's input, and nothing else."""
    options = given.get("options", {})
    keys = given.keys() - {"type", "provider", "input", "options"}
    keys |= options.keys() - {"width", "height", "version", "quality"}
    if keys:
        return f'Field "{min(keys)}" is not defined by type "GenerateInput".'
    if given.get("type") != "IMAGE" or given.get("provider") != "flux-pro":
        return "type or provider is wrong"
    if not isinstance(given.get("input", {}).get("text"), str):
        return "input.text is missing"
    return _wrong_sides(options)


def _wrong_fields(given: dict[str, Any]) -> str | None:
    """The parameter table's fields, and nothing else."""
    keys = given.keys() - _PLAIN
    if keys:
        return f'Field "{min(keys)}" is not defined by type "ImageGenerationInput".'
    if given.get("service") != "flux-pro" or not isinstance(given.get("prompt"), str):
        return "service or prompt is wrong"
    return _wrong_sides(given)


def _wrong_sides(given: dict[str, Any]) -> str | None:
    sides = (given.get("width"), given.get("height"))
    if not all(isinstance(n, int) and 512 <= n <= 2048 and n % 32 == 0 for n in sides):
        return "sides are multiples of 32 from 512 to 2048"
    return None if given.get("version", "flux-pro") in _VERSIONS else "version is wrong"


def _graphql_error(message: str, code: str, status: int) -> Response:
    return JSONResponse(graphql_error(message, code), status)
