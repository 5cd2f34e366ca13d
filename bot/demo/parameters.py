"""One call's parameters, however the client wrote them: query, form, multipart or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from bot.demo.records import Json
from bot.demo.refusals import Refusal, bad_request

BODY_LIMIT = 60 * 1024 * 1024
TOO_LARGE = Refusal(413, "Request Entity Too Large")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that came with the call."""

    name: str
    mime_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A method's name and parameters; files are apart, by the name of their part."""

    method: str
    values: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A string; numbers in JSON bodies become their digits."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def number(self, name: str) -> int | None:
        """An integer, also when it came as digits; None when absent or empty."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        return whole(value, name)

    def flag(self, name: str) -> bool:
        """A boolean, also as the string "true"."""
        return str(self.values.get(name, "")).lower() in {"true", "1", "yes"}

    def structure(self, name: str) -> Any:
        """An object or list: a real one in JSON bodies, a JSON string in forms."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        return parsed(value, name) if value else None

    def rows(self, name: str) -> list[Any]:
        """A list, empty when absent."""
        value = self.structure(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request(f"can't parse {name}: expected an Array")
        return value

    def objects(self, name: str) -> list[Json]:
        """A list of objects, empty when absent."""
        rows = self.rows(name)
        if not all(isinstance(row, dict) for row in rows):
            raise bad_request(f"can't parse {name}: expected an Object")
        return rows

    def object(self, name: str) -> Json:
        """An object, empty when absent."""
        value = self.structure(name)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"can't parse {name}: expected an Object")
        return value or {}

    def numbers(self, name: str) -> list[int]:
        """A list of integers, empty when absent."""
        return [whole(value, name) for value in self.rows(name)]

    def attached(self, value: str, name: str) -> Upload | None:
        """The file that `attach://part`, or a part with the parameter's own name, means."""
        if value.startswith("attach://"):
            part = value.removeprefix("attach://")
            if part not in self.uploads:
                raise bad_request(f'file "{part}" is not attached')
            return self.uploads[part]
        return self.uploads.get(name) if not value else None


def whole(value: Any, name: str) -> int:
    """An integer, also from digits."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise bad_request(f"invalid {name} specified") from error


def parsed(value: str, name: str) -> Any:
    """JSON in a form field."""
    try:
        return strict_json(value)
    except ValueError as error:
        raise bad_request(f"can't parse {name} JSON object") from error


def strict_json(source: str | bytes) -> Any:
    """JSON whose texts are whole; ValueError also for half of a surrogate pair."""
    value = json.loads(source)
    json.dumps(value, ensure_ascii=False).encode()
    return value


async def decode(request: Request, method: str) -> Call:
    """Reads the whole call; the body's parameters win over the query's."""
    values: Json = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if int(request.headers.get("content-length") or 0) > BODY_LIMIT:
        raise TOO_LARGE
    if kind == "application/json":
        values |= _json_body(await request.body())
    elif kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        async with request.form(max_part_size=BODY_LIMIT) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    uploads[name] = await _upload(value)
                else:
                    values[name] = value
    return Call(method=method, values=values, uploads=uploads)


def _json_body(body: bytes) -> Json:
    try:
        value = strict_json(body) if body else {}
    except ValueError as error:
        raise bad_request("can't parse JSON object") from error
    if not isinstance(value, dict):
        raise bad_request("can't parse JSON object: expected an Object")
    return value


async def _upload(part: UploadFile) -> Upload:
    data = await part.read()
    if len(data) > BODY_LIMIT:
        raise TOO_LARGE
    return Upload(
        name=part.filename or "file",
        mime_type=part.content_type or "application/octet-stream",
        data=data,
    )
