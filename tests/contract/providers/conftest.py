"""Each provider, working, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from pydantic import SecretStr

from app.net.client import NetClient
from app.pictures.worker import PictureWorker
from app.ports import ImageProvider
from app.providers.bfl import BflProvider
from app.providers.offline import OfflineProvider
from tests.fakes.rigs import RIGS, Rig
from tests.fakes.vendor import KEY, Vendor, serving, vendor_app
from tests.fakes.vendor_bfl import bfl_routes


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def base(vendor: Vendor) -> AsyncIterator[str]:
    async with serving(vendor_app(vendor, bfl_routes(vendor))) as url:
        yield url


@pytest.fixture
async def net() -> AsyncIterator[NetClient]:
    async with NetClient() as client:
        yield client


@pytest.fixture
async def bfl(base: str, net: NetClient) -> BflProvider:
    return BflProvider(net, key=SecretStr(KEY), base_url=base)


@asynccontextmanager
async def _working(rig: Rig) -> AsyncIterator[ImageProvider]:
    vendor = Vendor()
    async with serving(vendor_app(vendor, rig.routes(vendor))) as url, NetClient() as net:
        yield rig.make(net, url, 30.0)


@asynccontextmanager
async def _offline() -> AsyncIterator[ImageProvider]:
    async with PictureWorker() as pictures:
        yield OfflineProvider(pictures)


@pytest.fixture(
    params=[*(partial(_working, rig) for rig in RIGS), _offline],
    ids=[*map(str, RIGS), "offline"],
)
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[ImageProvider]:
    async with request.param() as made:
        yield made


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level("DEBUG"):
        yield caplog
