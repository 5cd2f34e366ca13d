"""The local Telegram as a web server on loopback, inside the running asyncio loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.demo.bot_api import BotApi
from bot.demo.sim import Sim
from bot.demo.world import World

PAGE = Path(__file__).parent / "page"
HERE = {"127.0.0.1", "localhost", "::1"}
POLICY = "default-src 'self'; img-src 'self' data: blob:"
PORTS_TRIED = 20


class NotLoopbackError(ValueError):
    """The local server listens on loopback addresses only."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


@dataclass(frozen=True, kw_only=True)
class LocalTelegram:
    """A running server."""

    world: World
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.host}:{self.port}"

    @property
    def bot_api_url(self) -> str:
        """What a client takes as its base URL: the token and the method follow."""
        return f"{self.url}/bot"

    @property
    def file_url(self) -> str:
        """What a client takes as its base URL of files."""
        return f"{self.url}/file/bot"


class _FreshFiles(StaticFiles):
    """The page's files, asked about at every visit: a newer release shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class OnlyFromHere:
    """Refuses pages of other sites and foreign host names, and adds the page's policy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Checks one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not _from_here(headers):
            refusal = JSONResponse({"error": "This server answers this computer only."}, 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, _with_policy(send))


def _from_here(headers: Headers) -> bool:
    host = headers.get("host", "")
    origin = headers.get("origin")
    if urlsplit(f"//{host}").hostname not in HERE:
        return False
    return origin is None or origin == f"http://{host}"


def _with_policy(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []),
                (b"content-security-policy", POLICY.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"referrer-policy", b"no-referrer"),
            ]
        await send(message)

    return sending


def create_app(world: World, *, page: Path = PAGE) -> Starlette:
    """The web application of a world; `serve` runs it."""
    routes: list[BaseRoute] = [
        *BotApi(world).routes(),
        *Sim(world).routes(),
        Route("/", _index(page)),
    ]
    if page.is_dir():
        routes.append(Mount("/page", _FreshFiles(directory=page)))
    app = Starlette(routes=routes, middleware=[Middleware(OnlyFromHere)])
    app.state.hang_up = _cannot_hang_up
    return app


def _index(page: Path) -> Callable[[Request], Response]:
    def index(_request: Request) -> Response:
        if (page / "index.html").is_file():
            return FileResponse(page / "index.html", headers={"Cache-Control": "no-store"})
        return PlainTextResponse("The local Telegram is running; its chat page is not here.")

    return index


def _cannot_hang_up(_request: Request) -> None:
    """Without a socket (an in-memory client) a dropped call shows as 502."""


class _Server(uvicorn.Server):
    """Leaves signals to its host program, and lets waiting clients go when it stops."""

    def __init__(self, app: Starlette, world: World) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
        )
        super().__init__(config)
        self._world = world
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()
        app.state.hang_up = self.hang_up

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.open()
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        # uvicorn's own loop looks ten times a second whether it should stop.
        await self.on_tick(0)
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.close()
        await super().shutdown(sockets)

    def hang_up(self, request: Request) -> None:
        """Closes the connection of a request without an answer."""
        client = (request.client.host, request.client.port) if request.client else None
        for connection in list(self.server_state.connections):
            if getattr(connection, "client", None) == client and connection.transport:
                connection.transport.abort()


@contextlib.asynccontextmanager
async def serve(
    world: World, host: str = "127.0.0.1", port: int = 0, *, next_free_port: bool = False
) -> AsyncIterator[LocalTelegram]:
    """Serves a world until the block ends; port 0 is any free one.

    With `next_free_port` a taken port makes it try the following ones. OSError when none is
    free, NotLoopbackError for an address that others could reach.
    """
    if host not in HERE:
        raise NotLoopbackError
    listener = _listen(host, port, PORTS_TRIED if next_free_port and port else 1)
    server = _Server(create_app(world), world)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    running.add_done_callback(lambda _: server.ready.set())
    try:
        await server.ready.wait()
        if running.done():
            await running
        yield LocalTelegram(world=world, host=host, port=listener.getsockname()[1])
    finally:
        server.stopping.set()
        await running


def _listen(host: str, port: int, tries: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + tries):
        # Named as TCP, asyncio turns Nagle's delay off; otherwise each answer takes 40 ms more.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
        except OSError:
            listener.close()
            if candidate == port + tries - 1:
                raise
        else:
            return listener
    raise OSError("no port was tried")
