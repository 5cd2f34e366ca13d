"""A bot as a process of its own on the local Telegram, and what that server saw of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bot.demo.server import LocalTelegram
from bot.demo.world import DEMO_TOKEN

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.002

Call = Mapping[str, Any]


class Sight:
    """What the local server logged: every call with its time."""

    def __init__(self, http: httpx.AsyncClient, person_id: int) -> None:
        """`person_id` is who writes to the bot; a fresh one has Telegram's whole pace."""
        self._http = http
        self.person_id = person_id
        self._after = 0

    async def until(self, *methods: str) -> Call:
        """The next call of one of these methods."""
        for _look in range(round(PATIENCE_SECONDS / LOOK_SECONDS)):
            answer = await self._http.get("/sim/calls", params={"after": self._after})
            for call in answer.json()["calls"]:
                if call["method"] in methods:
                    self._after = call["id"]
                    return dict(call)
            await asyncio.sleep(LOOK_SECONDS)
        raise TimeoutError(f"none of {methods} came")

    async def open_channel(self) -> None:
        """Make the bot an administrator of the person's channel."""
        state = (await self._http.get("/sim/state")).json()
        channel = next(chat for chat in state["chats"] if chat["type"] == "channel")
        body = {"chat_id": channel["id"], "by": self.person_id}
        (await self._http.post("/sim/promote", json=body)).raise_for_status()
        await self.until("sendMessage")

    async def say(self, text: str) -> float:
        """Write to the bot; when."""
        at = time.time()
        body = {"chat_id": self.person_id, "user_id": self.person_id, "text": text}
        (await self._http.post("/sim/say", json=body)).raise_for_status()
        return at

    async def tap(self, label: str) -> float:
        """Press the newest button with that word and wait for its answer; seconds it took."""
        path = f"/sim/chats/{self.person_id}/messages"
        messages = (await self._http.get(path)).json()["messages"]
        for message in reversed(messages):
            for button in (b for row in message["keyboard"] for b in row):
                if label in button["text"]:
                    return await self._press(message["message_id"], button["data"])
        raise LookupError(f"no button {label!r}")

    async def _press(self, message_id: int, data: str) -> float:
        body = {
            "chat_id": self.person_id,
            "user_id": self.person_id,
            "message_id": message_id,
            "data": data,
            "wait": PATIENCE_SECONDS,
        }
        start = time.perf_counter()
        (await self._http.post("/sim/tap", json=body)).raise_for_status()
        return time.perf_counter() - start

    async def round_trip(self) -> float:
        """Seconds of one bare Bot API call on loopback, the ideal that all is set against."""
        start = time.perf_counter()
        (await self._http.get(f"/bot{DEMO_TOKEN}/getMe")).raise_for_status()
        return time.perf_counter() - start


@asynccontextmanager
async def running(
    command: Sequence[str], local: LocalTelegram, folder: Path
) -> AsyncIterator[float]:
    """Start a bot; the time at which it was started. It is stopped at the end."""
    environment = {
        **os.environ,
        "TELEGRAM_BOT_TOKEN": DEMO_TOKEN,
        "TELEGRAM_API_BASE_URL": local.url,
        "OWNER_IDS": ",".join(str(user_id) for user_id in local.world.users),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bot.db'}",
        "OUTPUTS_DIR": str(folder),
        "LOG_LEVEL": "ERROR",
    }
    started = time.time()
    process = await asyncio.create_subprocess_exec(sys.executable, *command, env=environment)
    try:
        yield started
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


def stored_at(folder: Path) -> float:
    """When the newest picture lay on the disk, as the bot's own database tells."""
    with sqlite3.connect(folder / "bot.db") as database:
        query = "SELECT max(updated_at) FROM image WHERE state = 'stored'"
        return float(database.execute(query).fetchone()[0])
