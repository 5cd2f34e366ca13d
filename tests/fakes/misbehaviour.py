"""Every way an HTTP server can go wrong, as responses that may use the bare connection."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong, where (`on`: submit, poll, download, credits) and when.

    `nth` counts requests of that kind from 1; None means each one. With `accepted` an order is
    taken and charged before its answer goes wrong. `do` is one of hang, reset, cut, drip, endless,
    answer (with `status`, `headers`, and `text` or `body`), gzip.
    """

    on: str
    do: str
    nth: int | None = 1
    accepted: bool = False
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    body: Any = None


def says(status: int, body: Any = None, **more: Any) -> dict[str, Any]:
    """A `Fault` that answers, but for its place."""
    return {"do": "answer", "status": status, "body": body, **more}


_HTML = "<html><body>Bad gateway</body></html>"

#: the faults of reliability.md 2.1 that every vendor may have, as a `Fault` without its place
TROUBLES: Mapping[str, dict[str, Any]] = {
    "400": says(400, {"detail": "bad"}),
    "401": says(401, {"error": "x", "message": "no"}),
    "402": says(402, {"detail": "Insufficient credits"}),
    "403": says(403, {"detail": "Forbidden"}),
    "403 of the key": says(403, {"detail": "Not authenticated - Invalid Authentication"}),
    "422": says(422, {"detail": [{"loc": ["b"], "msg": "m"}]}),
    "429": says(429, {"detail": "slow down"}),
    "500": says(500, {"detail": "oops"}),
    "502 html": says(502, text=_HTML),
    "503": says(503, {"detail": "busy"}),
    "504": says(504),
    "524": says(524, text=_HTML),
    "302": says(302, headers={"location": "http://127.0.0.1:1/"}),
    "html": says(200, text=_HTML),
    "empty": says(200, text=""),
    "null": says(200, None),
    "list": says(200, []),
    "number": says(200, 5),
    "NaN": says(200, text='{"id": NaN}'),
    "too deep": says(200, text="[" * 200_000),
    "hang": {"do": "hang"},
    "reset": {"do": "reset"},
    "cut": {"do": "cut"},
    "drip": {"do": "drip"},
    "endless": {"do": "endless"},
    "gzip": {"do": "gzip"},
}


class OpenProtocol(H11Protocol):
    """uvicorn's protocol, with its connection in reach of the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the transport into the state each request sees."""
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class Bare(Response):
    """Writes to the connection as it likes, then waits for it to end."""

    def __init__(self, fault: Fault) -> None:
        """`fault.do` is hang, reset, cut, drip or endless."""
        super().__init__()
        self.fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Misbehave."""
        transport: asyncio.Transport = scope["state"]["transport"]
        await getattr(self, f"_{self.fault.do}")(transport)
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _hang(self, transport: asyncio.Transport) -> None:
        """Never answer."""

    async def _reset(self, transport: asyncio.Transport) -> None:
        transport.abort()

    async def _cut(self, transport: asyncio.Transport) -> None:
        transport.write(_head("content-length: 1000") + b'{"id": "cut')
        transport.close()

    async def _drip(self, transport: asyncio.Transport) -> None:
        transport.write(_head("content-length: 1000"))
        while not transport.is_closing():
            transport.write(b" ")
            await asyncio.sleep(0.01)

    async def _endless(self, transport: asyncio.Transport) -> None:
        block = b"10000\r\n" + b" " * 65536 + b"\r\n"
        transport.write(_head("transfer-encoding: chunked"))
        while not transport.is_closing():
            transport.write(block)
            await asyncio.sleep(0)


def misbehave(fault: Fault) -> Response:
    """The response that is this fault."""
    if fault.do == "answer":
        return _answer(fault)
    if fault.do == "gzip":
        bomb = gzip.compress(b" " * 10_000_000)
        return Response(bomb, headers={"content-encoding": "gzip"}, media_type="application/json")
    return Bare(fault)


def _answer(fault: Fault) -> Response:
    content = fault.text if fault.text is not None else json.dumps(fault.body)
    kind = "text/html" if fault.text is not None else "application/json"
    return Response(content, fault.status, headers=fault.headers, media_type=kind)


def _head(*lines: str) -> bytes:
    return ("\r\n".join(("HTTP/1.1 200 OK", *lines)) + "\r\n\r\n").encode()
