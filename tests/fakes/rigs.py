"""Each vendor's dialect with the provider that speaks it: a line here, and every suite runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from starlette.routing import Route

from app.errors import ImageError, ImageProtocol, ImageUnavailable
from app.net.client import NetClient
from app.ports import ImageProvider
from app.providers.apiframe import ApiframeProvider
from app.providers.bfl import BflProvider
from app.providers.doitong import DoitongProvider
from app.providers.doitong.orders import Dialect
from app.providers.modelverse import ModelVerseProvider
from app.providers.openai_images import OpenAiImagesProvider
from app.providers.replicate import COMETAPI, REPLICATE, ReplicateProvider
from tests.fakes.vendor import KEY, Vendor, serving, vendor_app
from tests.fakes.vendor_apiframe import apiframe_routes
from tests.fakes.vendor_bfl import bfl_routes
from tests.fakes.vendor_doitong import doitong_routes
from tests.fakes.vendor_modelverse import modelverse_routes
from tests.fakes.vendor_openai import openai_routes
from tests.fakes.vendor_replicate import comet_routes, replicate_routes

_KEY = SecretStr(KEY)
#: answers without end are given up within the shortest deadline of a test
_SHORT_REPLY = 1024 * 1024

DIALECTS: tuple[Dialect, ...] = ("generate", "generateImage", "rest")

#: (net, base URL, seconds for an order and for a question) -> the provider
Make = Callable[[NetClient, str, float], ImageProvider]


@dataclass(frozen=True, kw_only=True)
class Rig:
    """One vendor. The two mappings tell, by a fault's name, where its error is an unusual one."""

    name: str
    routes: Callable[[Vendor], list[Route]]
    make: Make
    polls: bool = True
    #: where one vendor is spoken to in several ways
    dialect: str = ""
    at_order: Mapping[str, type[ImageError]] = field(default_factory=dict)
    at_poll: Mapping[str, type[ImageError]] = field(default_factory=dict)

    def __str__(self) -> str:
        """The test's id."""
        return f"{self.name}-{self.dialect}" if self.dialect else self.name


def _bfl(net: NetClient, url: str, seconds: float) -> ImageProvider:
    return BflProvider(net, key=_KEY, base_url=url, submit_seconds=seconds, ask_seconds=seconds)


def _modelverse(net: NetClient, url: str, seconds: float) -> ImageProvider:
    return ModelVerseProvider(
        net, key=_KEY, base_url=url, submit_seconds=seconds, max_reply=_SHORT_REPLY
    )


def _replicate(net: NetClient, url: str, seconds: float) -> ImageProvider:
    return ReplicateProvider(
        net, REPLICATE, key=_KEY, base_url=url, submit_seconds=seconds, ask_seconds=seconds
    )


def _cometapi(net: NetClient, url: str, seconds: float) -> ImageProvider:
    return ReplicateProvider(
        net,
        COMETAPI,
        key=_KEY,
        base_url=f"{url}/replicate",
        submit_seconds=seconds,
        ask_seconds=seconds,
    )


def _openai(net: NetClient, url: str, seconds: float) -> ImageProvider:
    return OpenAiImagesProvider(
        net, key=_KEY, base_url=url, submit_seconds=seconds, max_reply=_SHORT_REPLY
    )


def _apiframe(net: NetClient, url: str, seconds: float) -> ImageProvider:
    return ApiframeProvider(
        net, key=_KEY, base_url=url, submit_seconds=seconds, ask_seconds=seconds
    )


@asynccontextmanager
async def doitong_of(
    vendor: Vendor,
    net: NetClient,
    *,
    mutations: Collection[str] = ("generate", "generateImage"),
    status_field: str | None = "generation",
    **settings: Any,
) -> AsyncIterator[DoitongProvider]:
    """A provider of a vendor that has those mutations and that status query."""
    routes = doitong_routes(vendor, mutations=mutations, status_field=status_field)
    async with serving(vendor_app(vendor, routes)) as url:
        given = {"submit_seconds": 0.3, "ask_seconds": 0.3, **settings}
        yield DoitongProvider(net, key=_KEY, base_url=url, **given)


def _doitong(dialect: Dialect) -> Rig:
    def make(net: NetClient, url: str, seconds: float) -> ImageProvider:
        return DoitongProvider(
            net,
            key=_KEY,
            base_url=url,
            dialect=dialect,
            submit_seconds=seconds,
            ask_seconds=seconds,
        )

    return Rig(
        name="doitong",
        dialect=dialect,
        routes=doitong_routes,
        make=make,
        # What is wrong about a question is its query, which one may set.
        at_poll={"400": ImageProtocol, "422": ImageProtocol},
    )


RIGS = (
    Rig(name="bfl", routes=bfl_routes, make=_bfl, at_poll={"403": ImageUnavailable}),
    Rig(name="modelverse", routes=modelverse_routes, make=_modelverse, polls=False),
    Rig(name="replicate", routes=replicate_routes, make=_replicate),
    Rig(name="cometapi", routes=comet_routes, make=_cometapi),
    Rig(name="apiframe", routes=apiframe_routes, make=_apiframe),
    *map(_doitong, DIALECTS),
    Rig(name="openai_images", routes=openai_routes, make=_openai, polls=False),
)
