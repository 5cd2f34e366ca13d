"""The Bot API over HTTP: `/bot<token>/<method>` and file downloads."""

from __future__ import annotations

import asyncio
import hmac
import inspect
import time
from collections.abc import Awaitable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bot.demo.faults import Fault
from bot.demo.methods import METHODS, NAMES
from bot.demo.parameters import Call, decode
from bot.demo.records import CallRecord, Json
from bot.demo.refusals import Refusal, too_many_requests
from bot.demo.targets import CHAT_ID
from bot.demo.world import World

UNAUTHORIZED = Refusal(401, "Unauthorized")
NOT_FOUND = Refusal(404, "Not Found")
GATEWAY_PAGE = "<html><body><center><h1>502 Bad Gateway</h1></center></body></html>"


class Struck(Exception):
    """An ordered fault answers with something that is not the Bot API."""

    def __init__(self, what: str, response: Response) -> None:
        super().__init__(what)
        self.response = response


class BotApi:
    """Answers a bot's calls on a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Where calls and downloads come in."""
        return [
            Route("/bot{token}/{method}", self.call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self.download, methods=["GET"]),
        ]

    async def call(self, request: Request) -> Response:
        """One method call, in the log unless it is an empty poll."""
        begun = time.perf_counter()
        call = Call(method=request.path_params["method"])
        result: Any = None
        problem: str | None = None
        try:
            self._authorize(request)
            call = await decode(request, call.method)
            result = await self._faulty(request, call)
            response: Response = JSONResponse({"ok": True, "result": result})
        except ClientDisconnect:
            return Response(status_code=400)
        except Struck as struck:
            response, problem = struck.response, str(struck)
        except Refusal as refusal:
            response, problem = _refused(refusal), refusal.description
        if call.method.lower() != "getupdates" or result or problem:
            self._record(call, result, response.status_code, begun, problem)
        return response

    async def download(self, request: Request) -> Response:
        """The bytes of a file that getFile named."""
        try:
            self._authorize(request)
            file_id = self._world.files.at_path(request.path_params["path"])
            if file_id is None:
                raise NOT_FOUND
        except Refusal as refusal:
            return _refused(refusal)
        data, mime_type = await asyncio.to_thread(self._world.files.content, file_id)
        return Response(data, media_type=mime_type)

    def _authorize(self, request: Request) -> None:
        given = str(request.path_params["token"]).encode()
        if not hmac.compare_digest(given, self._world.token.encode()):
            raise UNAUTHORIZED

    async def _faulty(self, request: Request, call: Call) -> Any:
        fault = self._world.faults.take(call.method, _chat_id(call))
        if fault is None:
            return await self._run(request, call)
        if fault.after:
            await self._run(request, call)
        raise await self._outcome(request, fault)

    async def _outcome(self, request: Request, fault: Fault) -> Struck | Refusal:
        if fault.kind == "timeout":
            await self._world.faults.hold(fault.seconds)
        if fault.kind in {"timeout", "drop"}:
            request.app.state.hang_up(request)
            return Struck(f"ordered fault: {fault.kind}", Response(status_code=502))
        if fault.kind == "html":
            return Struck("ordered fault: html", HTMLResponse(GATEWAY_PAGE, status_code=502))
        return _ordered(fault)

    async def _run(self, request: Request, call: Call) -> Any:
        method = METHODS.get(call.method.lower())
        if method is None:
            # 404 would tell some clients that the token is wrong.
            raise Refusal(501, f"Not Implemented: method {call.method[:64]} is unknown here")
        result = method(self._world, call)
        if inspect.isawaitable(result):
            return await _while_connected(request, result)
        return result

    def _record(
        self, call: Call, result: Any, status: int, begun: float, problem: str | None
    ) -> None:
        world = self._world
        world.record_call(
            CallRecord(
                id=world.number("call"),
                at=world.clock.now(),
                method=NAMES.get(call.method.lower(), call.method[:64]),
                chat_id=_chat_id(call),
                summary=_summary(call, result).replace(world.token, "…"),
                status=status,
                ms=round((time.perf_counter() - begun) * 1000, 2),
                error=problem.replace(world.token, "…") if problem else None,
            )
        )


async def _while_connected(request: Request, result: Awaitable[Any]) -> Any:
    """Runs a long poll until it answers or the client goes away."""
    working = asyncio.ensure_future(result)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            return []
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _ordered(fault: Fault) -> Refusal:
    if fault.kind == "429":
        return too_many_requests(fault.retry_after)
    words = {
        "500": "Internal Server Error",
        "502": "Bad Gateway",
        "400": "Bad Request: ordered by a fault",
        "403": "Forbidden: ordered by a fault",
    }
    return Refusal(int(fault.kind), fault.description or words[fault.kind])


def _refused(refusal: Refusal) -> Response:
    shape: Json = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    if refusal.parameters:
        shape["parameters"] = refusal.parameters
    return JSONResponse(shape, status_code=refusal.code)


def _chat_id(call: Call) -> int | str | None:
    wanted = call.text("chat_id").strip()
    return int(wanted) if CHAT_ID.fullmatch(wanted) else wanted[:64] or None


def _summary(call: Call, result: Any) -> str:
    if call.method.lower() == "getupdates":
        count = len(result) if isinstance(result, list) else 0
        return f"{count} update{'' if count == 1 else 's'}"
    sizes = [f"{max(1, len(file.data) // 1024)} kB" for file in call.uploads.values()]
    words = [call.text(name) for name in ("text", "caption", "action") if call.values.get(name)]
    return " ".join(" · ".join(sizes + words).split())[:80]
