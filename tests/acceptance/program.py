"""The bot as a process, between a local Telegram and a vendor that keep their own books."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from bot.demo.server import serve
from bot.demo.world import create_world
from tests.bot.clock import EagerClock
from tests.bot.driver import Desk
from tests.fakes.vendor import Vendor, serving, vendor_app
from tests.fakes.vendor_bfl import bfl_routes

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
_LOOK = 0.02


class Finished:
    """How a program ended."""

    def __init__(self, code: int, out: str, err: str, seconds: float) -> None:
        self.code = code
        self.out = out
        self.err = err
        self.seconds = seconds


class Program:
    """`python -m bot ...` with nothing of this process's environment but the path."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.environment = dict(environment)
        self.log = folder / "log.txt"
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Whatever still runs is killed."""
        if self._process is not None:
            await self.kill()

    async def start(self, *arguments: str) -> Process:
        """Start it in an empty folder, its log appended to one file."""
        plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                *(arguments or ("run",)),
                cwd=self.folder,
                env={**plain, "PYTHONPATH": str(ROOT), **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    @property
    def process(self) -> Process:
        """What runs, or ran last."""
        assert self._process is not None
        return self._process

    async def kill(self) -> None:
        """End it and its picture process without a chance to say anything."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        await self._ended()

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> Finished:
        """Ask it to end."""
        self.process.send_signal(how)
        return await self._ended()

    async def run(self, *arguments: str) -> Finished:
        """Start it and wait for its own end."""
        await self.start(*arguments)
        return await self._ended()

    async def _ended(self) -> Finished:
        began = time.monotonic()
        async with asyncio.timeout(60):
            out, _err = await self.process.communicate()
        code = self.process.returncode
        assert code is not None
        return Finished(code, out.decode(), self.log.read_text("utf-8"), time.monotonic() - began)


class Stage:
    """A program, the world it speaks to, and the vendor it orders from."""

    def __init__(self, desk: Desk, vendor: Vendor, program: Program) -> None:
        self.desk = desk
        self.vendor = vendor
        self.program = program

    def count(self, kind: str) -> int:
        """How many lines of that kind the vendor's ledger has."""
        return len(self.vendor.ledger.of(kind))

    async def ordered(self, charges: int = 1) -> None:
        """Wait until the vendor took that many orders."""
        await until(lambda: self.count("charge") >= charges, "an order")

    def posts(self) -> Counter[str]:
        """The texts in the channel, counted."""
        return Counter(m["text"] for m in self.desk.messages(self.desk.channel_id) if m["photo"])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says, read beside the program."""
        connection = sqlite3.connect(self.program.folder / "bot.db", timeout=10)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def change(self, query: str) -> None:
        """Turn the database while no program runs."""
        connection = sqlite3.connect(self.program.folder / "bot.db", timeout=10)
        with connection:
            connection.execute(query)
        connection.close()


async def until(look: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> Any:
    """What `look` sees, as soon as it is something."""
    for _look in range(round(seconds / _LOOK)):
        if found := look():
            return found
        await asyncio.sleep(_LOOK)
    raise AssertionError(f"never saw {what}")


@asynccontextmanager
async def staged(folder: Path, **environment: str) -> AsyncIterator[Stage]:
    """Everything around the program; whatever still runs at the end is killed."""
    world, vendor = create_world(), Vendor()
    async with (
        serve(world) as local,
        serving(vendor_app(vendor, bfl_routes(vendor))) as vendor_url,
    ):
        program = Program(
            folder,
            {
                "TELEGRAM_BOT_TOKEN": world.token,
                "TELEGRAM_API_BASE_URL": local.url,
                "OWNER_IDS": str(world.person.id),
                "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bot.db'}",
                "OUTPUTS_DIR": str(folder),
                "BFL_API_KEY": vendor.key,
                "BFL_BASE_URL": vendor_url,
                **environment,
            },
        )
        async with program:
            yield Stage(Desk(local, folder, EagerClock()), vendor, program)
