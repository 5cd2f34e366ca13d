"""A served world with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.demo.clock import Clock
from bot.demo.server import LocalTelegram, serve
from bot.demo.world import World, create_world
from tests.demo.harness import CHANNEL, START, Bot, People


@pytest.fixture
def world() -> World:
    return create_world(clock=Clock(lambda: START))


@pytest.fixture
async def local(world: World) -> AsyncIterator[LocalTelegram]:
    async with serve(world) as running:
        yield running


@pytest.fixture
async def http(local: LocalTelegram) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=local.url, timeout=10, trust_env=False) as client:
        yield client


@pytest.fixture
def bot(local: LocalTelegram, http: httpx.AsyncClient) -> Bot:
    return Bot(local=local, http=http)


@pytest.fixture
def people(http: httpx.AsyncClient) -> People:
    return People(http=http)


@pytest.fixture
async def channel(people: People) -> int:
    """The channel, with the bot as its administrator."""
    await people.post("promote", chat_id=CHANNEL)
    return CHANNEL
