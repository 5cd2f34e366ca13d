"""The one HTTP client of the program, with a gate before its pool and a cap on every answer.

CallTrouble
├── NotSent        certainly no byte of the request left: asking again is free
├── AnswerLost     the request left, the answer never came whole: its fate is unknown
└── BadReply       an answer came, but not one we can read
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

#: a picture vendor's JSON is a few kB; reliability.md 3 caps it at 1 MiB of raw bytes
MAX_JSON = 1024 * 1024
CALL_SLOTS = 16
FETCH_SLOTS = 8
_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 30.0


class CallTrouble(Exception):
    """A call to a vendor's API went wrong below HTTP."""


class NotSent(CallTrouble):
    """No byte of the request left."""


class AnswerLost(CallTrouble):
    """The request left; its answer never came whole."""


class BadReply(CallTrouble):
    """The answer is encoded, too large or not JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One whole answer; `body` is raw bytes as they came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON values; `BadReply` when it is none (HTML, empty, NaN, too deep)."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise BadReply("the answer is not JSON") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class NetClient:
    """One `httpx.AsyncClient` for everything, and the gates before it.

    httpx's pool looks through all waiting requests on every change, so its cost grows with their
    square: at most 16 calls and 8 downloads are inside at a time, the others wait outside.
    """

    def __init__(
        self, *, proxy: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`proxy` is the company's way out, if it has one; the environment is not consulted.

        `transport` replaces the network.
        """
        self.proxied = proxy is not None
        self.gate = asyncio.Semaphore(CALL_SLOTS)
        self.fetch_gate = asyncio.Semaphore(FETCH_SLOTS)
        self.http = httpx.AsyncClient(
            proxy=proxy,
            transport=transport,
            trust_env=False,
            verify=httpx.create_ssl_context(),
            follow_redirects=False,
            timeout=httpx.Timeout(_IDLE_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=CALL_SLOTS + FETCH_SLOTS, keepalive_expiry=30.0),
            headers={"User-Agent": "post-desk", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self.http.aclose()

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Any = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        seconds: float,
        idle: float = _IDLE_SECONDS,
        limit: int = MAX_JSON,
    ) -> Reply:
        """Send one API request and read its whole answer within `seconds`.

        `body` goes as JSON; or `form` fields with `files` (name, bytes, type) as multipart. `idle`
        is how long the other side may be silent: all of `seconds` where it works before it speaks.

        Any HTTP status is an answer. Raises `NotSent`, `AnswerLost` or `BadReply`; none of them
        names the URL or a header.
        """
        sending = _Sending()
        request = self.http.build_request(
            method,
            url,
            headers=headers,
            json=body,
            data=form,
            files=files,
            timeout=httpx.Timeout(idle, connect=_CONNECT_SECONDS),
            extensions={"trace": sending.trace},
        )
        try:
            async with asyncio.timeout(seconds), self.gate:
                return await self._exchange(request, limit)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            raise sending.trouble(error) from error

    async def _exchange(self, request: httpx.Request, limit: int) -> Reply:
        response = await self.http.send(request, stream=True)
        try:
            refuse_encoding(response)
            body = await read_capped(response, limit)
        finally:
            await response.aclose()
        return Reply(status=response.status_code, headers=response.headers, body=body)


class _Sending:
    """Watches one request leave, by httpx's `trace` extension (python-httpx.org, Extensions)."""

    def __init__(self) -> None:
        self.begun = False

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.begun = True

    def trouble(self, error: Exception) -> CallTrouble:
        before = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
        if isinstance(error, before) or not self.begun:
            return NotSent(f"not sent ({type(error).__name__})")
        return AnswerLost(f"sent, but no whole answer came ({type(error).__name__})")


def refuse_encoding(response: httpx.Response) -> None:
    """`BadReply` for a compressed answer: we asked for none, and a small one may unpack to GiB."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise BadReply("the answer is compressed although plain bytes were asked for")


async def read_capped(response: httpx.Response, limit: int) -> bytes:
    """Read raw bytes, at most `limit`; `BadReply` as soon as there are more."""
    if _announced(response) > limit:
        raise BadReply(f"the answer announces more than {limit} bytes")
    chunks = bytearray()
    async for chunk in response.aiter_raw():
        chunks += chunk
        if len(chunks) > limit:
            raise BadReply(f"the answer is longer than {limit} bytes")
    return bytes(chunks)


def _announced(response: httpx.Response) -> int:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else 0
