"""A picture vendor on loopback: strict, scriptable, with a ledger that tests judge from.

As a process of its own: `python -m tests.fakes.vendor --port N --ledger FILE`, scripted by
`POST /control` with `{"clear": true, "faults": [Fault...], "plans": [Plan...], "default": Plan}`;
the ledger is one JSON object a line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.server import ServerState

from tests.fakes.misbehaviour import Fault, OpenProtocol, misbehave

KEY = "canary-key-7f3a9c51d2"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one job goes: each poll takes the next of `answers`, the last one stays.

    An answer is merged over the dialect's poll reply: `{"status": "Pending", "progress": 0.5}`.
    For `seconds` after the order every poll is answered "Pending" whatever `answers` say. `order`
    is merged over the order's reply (None removes a field); `picture` replaces the painted bytes:
    {"size": [w, h], "format": "PNG"} or {"text": "no picture"}.
    """

    answers: tuple[dict[str, Any], ...] = ({"status": "Pending"}, {"status": "Ready"})
    seconds: float = 0.0
    order: dict[str, Any] = field(default_factory=dict)
    picture: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger. `kind`: submit, charge, poll, download, credits or refused."""

    kind: str
    job: str | None
    detail: dict[str, Any]
    at: float


class Ledger:
    """Append-only record of what reached the vendor."""

    def __init__(self, path: Path | None = None) -> None:
        """`path` takes a copy, a line at a time, that survives the process."""
        self._entries: list[Entry] = []
        self._path = path

    def add(self, kind: str, job: str | None = None, **detail: Any) -> None:
        """Append."""
        entry = Entry(kind=kind, job=job, detail=detail, at=time.time())
        self._entries.append(entry)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")

    def of(self, kind: str) -> list[Entry]:
        """The entries of one kind, oldest first."""
        return [entry for entry in self._entries if entry.kind == kind]

    def as_json(self) -> list[dict[str, Any]]:
        """Everything."""
        return [asdict(entry) for entry in self._entries]


def read_ledger(path: Path) -> list[Entry]:
    """The ledger of a vendor that ran as a process."""
    if not path.exists():
        return []
    return [Entry(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


@dataclass(kw_only=True)
class Job:
    """One order and how far it has come."""

    id: str
    model: str
    body: dict[str, Any]
    plan: Plan
    began: float = field(default_factory=time.monotonic)
    polls: int = 0

    def next_answer(self) -> dict[str, Any]:
        """The scripted answer to this poll."""
        if time.monotonic() < self.began + self.plan.seconds:
            return {"status": "Pending"}
        answer = self.plan.answers[min(self.polls, len(self.plan.answers) - 1)]
        self.polls += 1
        return answer

    @property
    def finished(self) -> bool:
        """Whether its last answer was given."""
        return self.polls >= len(self.plan.answers)


class Vendor:
    """What every dialect shares: jobs, plans, faults, the ledger."""

    def __init__(self, *, key: str = KEY, ledger: Ledger | None = None) -> None:
        """`key` is the only one let in."""
        self.key = key
        self.ledger = ledger or Ledger()
        self.jobs: dict[str, Job] = {}
        self.default = Plan()
        self._plans: deque[Plan] = deque()
        self._faults: list[Fault] = []
        self._requests: Counter[str] = Counter()

    def plan(self, *plans: Plan) -> None:
        """Script the next jobs in order; later ones go by `default`."""
        self._plans.extend(plans)

    def fail(self, *faults: Fault) -> None:
        """Let requests go wrong, counted from now on."""
        self._faults.extend(faults)
        for fault in faults:
            self._requests[fault.on] = 0

    def clear(self) -> None:
        """Forget plans and faults, but no job and no line of the ledger."""
        self._plans.clear()
        self._faults.clear()
        self.default = Plan()

    def accept(self, job_id: str, model: str, body: dict[str, Any], cost: float) -> Job:
        """Take an order and its money."""
        plan = self._plans.popleft() if self._plans else self.default
        job = Job(id=job_id, model=model, body=body, plan=plan)
        self.jobs[job_id] = job
        self.ledger.add("charge", job_id, credits=cost)
        return job

    def fault(self, kind: str) -> Fault | None:
        """Count a request and say what goes wrong with it."""
        self._requests[kind] += 1
        number = self._requests[kind]
        return next((f for f in self._faults if f.on == kind and f.nth in (number, None)), None)

    def note(self, kind: str, request: Request, job: str | None = None, **detail: Any) -> None:
        """Write a request down with all its headers."""
        self.ledger.add(kind, job, path=request.url.path, headers=dict(request.headers), **detail)

    async def control(self, request: Request) -> Response:
        """POST /control: the same script over HTTP."""
        wanted = await request.json()
        if wanted.get("clear"):
            self.clear()
        if "default" in wanted:
            self.default = _plan(wanted["default"])
        self.plan(*map(_plan, wanted.get("plans", ())))
        self.fail(*(Fault(**fault) for fault in wanted.get("faults", ())))
        return JSONResponse({"ok": True})

    async def show(self, request: Request) -> Response:
        """GET /ledger."""
        return JSONResponse(self.ledger.as_json())


def _plan(data: dict[str, Any]) -> Plan:
    return Plan(**{**data, **({"answers": tuple(data["answers"])} if "answers" in data else {})})


def vendor_app(vendor: Vendor, routes: Iterable[Route]) -> Starlette:
    """The dialect's routes, and the control door next to them."""
    doors = [
        Route("/control", vendor.control, methods=["POST"]),
        Route("/ledger", vendor.show, methods=["GET"]),
    ]
    return Starlette(routes=[*doors, *routes])


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """Serve `app` on a free loopback port inside this event loop; gives its base URL.

    uvicorn's `Server` looks for its end ten times a second; on its bare protocol a test stops at
    once, hanging requests included.
    """
    config = uvicorn.Config(app, http=OpenProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: OpenProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for protocol in list(state.connections):
            protocol.transport.abort()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=2)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


__all__ = [
    "KEY",
    "Entry",
    "Fault",
    "Ledger",
    "Plan",
    "Vendor",
    "free_port",
    "misbehave",
    "read_ledger",
    "serving",
    "vendor_app",
]


def main() -> None:
    """Serve every dialect until told to stop."""
    from tests.fakes.vendor_bfl import bfl_routes

    parser = argparse.ArgumentParser(description="A picture vendor on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--key", default=KEY)
    given = parser.parse_args()
    vendor = Vendor(key=given.key, ledger=Ledger(given.ledger))
    uvicorn.run(
        vendor_app(vendor, bfl_routes(vendor)),
        host="127.0.0.1",
        port=given.port,
        http=OpenProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
    )


if __name__ == "__main__":
    main()
