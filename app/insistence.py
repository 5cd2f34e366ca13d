"""Writing what must be written: the world has changed already, and the rows have to say so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.errors import StorageError
from app.ports import Clock, Store
from app.transactions import Transaction

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
T = TypeVar("T")


async def insist(store: Store, clock: Clock, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Commit `work`, however long the database takes to take it, and even when cancelled.

    A cancelled caller is cancelled after the commit. Only `StorageError` is tried again.
    """
    task = asyncio.ensure_future(_until_written(store, clock, work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _until_written(
    store: Store, clock: Clock, work: Callable[[Transaction], Awaitable[T]]
) -> T:
    while True:
        try:
            async with store.write() as tx:
                return await work(tx)
        except StorageError as error:
            log.warning("the database cannot be written: %s", error)
            await clock.sleep(RETRY_SECONDS)
