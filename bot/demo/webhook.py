"""Delivery of updates by HTTP POST, in order, until the receiver says 2xx."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from bot.demo.clock import Clock
from bot.demo.records import Json
from bot.demo.refusals import bad_request
from bot.demo.updates import Updates

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
RETRY_SECONDS = 1.0


@dataclass(kw_only=True)
class Hook:
    """Where updates go, and how the last delivery went."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    error: str = ""
    error_date: int = 0


class Webhook:
    """Sends each update until it is accepted; idle while there is no URL."""

    def __init__(self, updates: Updates, clock: Clock) -> None:
        self._updates = updates
        self._clock = clock
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.hook = Hook()
        self.retry_seconds = RETRY_SECONDS
        updates.on_update(self._news.set)

    def set(self, hook: Hook) -> None:
        """Starts delivery to a URL on this machine."""
        if urlsplit(hook.url).hostname not in LOOPBACK:
            raise bad_request("bad webhook: this local server calls loopback addresses only")
        self.remove()
        self.hook = hook
        self._updates.webhook_active = True
        self._news.set()
        self._task = asyncio.get_running_loop().create_task(self._deliver())

    def remove(self) -> None:
        """Stops delivery; what waits can be polled again."""
        if self._task:
            self._task.cancel()
        self._task = None
        self.hook = Hook()
        self._updates.webhook_active = False

    def close(self) -> None:
        """Stops delivery because the server stops."""
        self.remove()

    async def _deliver(self) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                await self._news.wait()
                self._news.clear()
                for update in self._updates.batch():
                    await self._until_accepted(client, update)
                    self._updates.acknowledge(update["update_id"] + 1)

    async def _until_accepted(self, client: httpx.AsyncClient, update: Json) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.hook.secret} if self.hook.secret else {}
        while True:
            try:
                answer = await client.post(self.hook.url, json=update, headers=headers)
                if answer.is_success:
                    return
                problem = (
                    f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
                )
            except httpx.HTTPError:
                problem = "Connection refused"
            self.hook.error = problem
            self.hook.error_date = self._clock.seconds()
            await asyncio.sleep(self.retry_seconds)
