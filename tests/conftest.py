"""A migrated database made once, and the services over a copy of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.net.client import NetClient
from app.providers.bfl import BflProvider
from app.storage.database import Database
from app.storage.schema import migrate
from tests.fakes.clock import FakeClock
from tests.fakes.desk import Desk, bfl_on, open_desk
from tests.fakes.vendor import Vendor


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, closed, to be copied."""
    path = tmp_path_factory.mktemp("template") / "bot.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database)
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture
def folder(tmp_path: Path, template_database: Path) -> Path:
    """A folder with a fresh database in it."""
    shutil.copy(template_database, tmp_path / "bot.db")
    return tmp_path


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'bot.db'}")
    yield database
    await database.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def paint_vendor() -> Vendor:
    """The vendor that paints for `desk`."""
    return Vendor()


@pytest.fixture
async def paint_net() -> AsyncIterator[NetClient]:
    async with NetClient() as client:
        yield client


@pytest.fixture
async def painter(paint_vendor: Vendor, paint_net: NetClient) -> AsyncIterator[BflProvider]:
    async with bfl_on(paint_vendor, paint_net) as provider:
        yield provider


@pytest.fixture
async def desk(
    folder: Path, clock: FakeClock, painter: BflProvider, paint_net: NetClient
) -> AsyncIterator[Desk]:
    """The services, painting with the vendor on loopback."""
    async with open_desk(folder, providers={"bfl": painter}, net=paint_net, clock=clock) as opened:
        yield opened
