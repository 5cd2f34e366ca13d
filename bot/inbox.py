"""Updates are kept before they are acknowledged, and handled in order inside a chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from telegram import Bot, Update
from telegram.ext import BaseUpdateProcessor

from app.errors import StorageError
from app.insistence import RETRY_SECONDS, insist
from app.models import AnnouncementKind
from app.ports import Clock, Store
from app.transactions import Transaction

log = logging.getLogger(__name__)

QUEUE_SIZE = 1000
MAX_TRIES = 3
#: chats wait for their own turn before they take one of these places
RUNNING = 16

Tell = Callable[[Update, StorageError], Awaitable[None]]
T = TypeVar("T")


class InboxQueue(asyncio.Queue[object]):
    """PTB's update queue whose `put` commits the update first: the offset moves only after it."""

    def __init__(self, *, store: Store, clock: Clock, tell: Tell) -> None:
        """`tell` says to the sender that the database has no room or no time."""
        super().__init__(QUEUE_SIZE)
        self._store = store
        self._clock = clock
        self._tell = tell

    async def put(self, item: object) -> None:
        """Keep an update until the database takes it; a repeated one is dropped."""
        if isinstance(item, Update) and not await self._keep(item):
            return
        await super().put(item)

    async def replay(self, bot: Bot) -> int:
        """Queue again what an earlier run received and did not finish; how many."""
        async with self._store.read() as tx:
            entries = await tx.inbox.open()
        for entry in entries:
            update = Update.de_json(dict(entry.payload), bot)
            await super().put(update)
        return len(entries)

    async def _keep(self, update: Update) -> bool:
        told = False
        while True:
            try:
                async with self._store.write() as tx:
                    payload = update.to_dict()
                    return await tx.inbox.keep(update.update_id, payload, now=self._clock.now())
            except StorageError as error:
                log.warning("an update cannot be kept: %s", error)
                if not told:
                    await self._tell(update, error)
                    told = True
                await self._clock.sleep(RETRY_SECONDS)
            except Exception:
                # Polling would end for good; one update that nobody can keep must not do that.
                log.exception("update %s is dropped: it cannot be kept", update.update_id)
                return False


class _Turn:
    """The lock of one chat and how many updates hold or await it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


class InboxProcessor(BaseUpdateProcessor):
    """Order inside a chat, chats in parallel; tries an update three times, then puts it aside.

    A failed update is tried again in its chat's turn, so that nothing behind it overtakes it.
    While the database has no room or no time, nothing is put aside: the update waits for it.
    """

    def __init__(self, *, store: Store, clock: Clock, brand_id: int, tell: Tell) -> None:
        """PTB's own limit is far above ours, so that a hot chat cannot fill it."""
        super().__init__(max_concurrent_updates=10_000)
        self._store = store
        self._clock = clock
        self._brand_id = brand_id
        self._places = asyncio.Semaphore(RUNNING)
        self._chats: dict[int, _Turn] = {}
        self._failed: dict[int, BaseException] = {}
        self._tell = tell
        self._closed = False
        self._again: Callable[[object], Awaitable[None]] = _nowhere
        self._give_up: Callable[[Update], Awaitable[None]] = _nowhere

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """What still waits for the database is taken up at the next start."""
        self._closed = True

    def on_failure(
        self,
        *,
        again: Callable[[object], Awaitable[None]],
        give_up: Callable[[Update], Awaitable[None]],
    ) -> None:
        """How a failed update is tried again, and who hears of the last try."""
        self._again = again
        self._give_up = give_up

    def failed(self, update: Update, error: BaseException) -> None:
        """The error handler's word that this update did not get through."""
        self._failed[update.update_id] = error

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's turn, then for a place."""
        if not isinstance(update, Update):
            await coroutine
            return
        key = _chat_key(update)
        turn = self._chats.setdefault(key, _Turn())
        turn.waiting += 1
        try:
            async with turn.lock, self._places:
                await coroutine
                await self._see_through(update)
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._chats.pop(key, None)

    async def _see_through(self, update: Update) -> None:
        """Try again as long as that can help, then mark the update as handled."""
        told = False
        while (error := self._failed.pop(update.update_id, None)) is not None:
            if isinstance(error, StorageError):
                if not told:
                    await self._tell(update, error)
                    told = True
                await self._clock.sleep(RETRY_SECONDS)
            elif await self._has_another_try(update, error):
                await self._clock.sleep(RETRY_SECONDS)
            else:
                await self._put_aside(update)
                return
            if self._closed:
                return
            await self._again(update)
        now = self._clock.now()
        await self._insist(lambda tx: tx.inbox.done(update.update_id, now=now))

    async def _has_another_try(self, update: Update, error: BaseException) -> bool:
        name = type(error).__name__
        return (
            await self._insist(lambda tx: tx.inbox.failed(update.update_id, error=name))
            < MAX_TRIES
        )

    async def _put_aside(self, update: Update) -> None:
        """Quarantine; the sender hears of it at once, the owners by announcement."""
        now = self._clock.now()

        async def quarantine(tx: Transaction) -> None:
            await tx.inbox.quarantine(update.update_id, now=now)
            await tx.announcements.add(
                brand_id=self._brand_id,
                kind=AnnouncementKind.QUARANTINED,
                detail={"update_id": update.update_id},
                attempts=0,
                created_at=now,
            )

        await self._insist(quarantine)
        await self._give_up(update)

    async def _insist(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await insist(self._store, self._clock, work)


def _chat_key(update: Update) -> int:
    chat = update.effective_chat
    return chat.id if chat is not None else 0


async def _nowhere(_update: object) -> None:
    """Nobody was named yet."""
