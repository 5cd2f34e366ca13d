"""An API call: whether it left, whether its answer came, and how long the answer may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app.net.client import CALL_SLOTS, AnswerLost, BadReply, NetClient, NotSent
from tests.fakes.vendor import Fault, Vendor, free_port, serving, vendor_app
from tests.fakes.vendor_bfl import bfl_routes


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def url(vendor: Vendor) -> AsyncIterator[str]:
    async with serving(vendor_app(vendor, bfl_routes(vendor))) as base:
        yield f"{base}/v1/credits"


@pytest.fixture
async def net() -> AsyncIterator[NetClient]:
    async with NetClient() as client:
        yield client


async def test_any_status_is_an_answer(net: NetClient, vendor: Vendor, url: str) -> None:
    vendor.fail(Fault(on="credits", do="answer", status=418, body={"tea": True}))
    reply = await net.call("GET", url, headers={}, seconds=1)
    assert (reply.status, reply.json()) == (418, {"tea": True})


async def test_a_refused_connection_was_not_sent(net: NetClient) -> None:
    with pytest.raises(NotSent):
        await net.call("GET", f"http://127.0.0.1:{free_port()}/", headers={}, seconds=1)


async def test_waiting_at_the_gate_past_the_deadline_was_not_sent(
    net: NetClient, url: str
) -> None:
    for _ in range(CALL_SLOTS):
        await net.gate.acquire()
    with pytest.raises(NotSent):
        await net.call("GET", url, headers={}, seconds=0.02)


@pytest.mark.parametrize("do", ["hang", "reset", "cut", "drip"])
async def test_an_answer_that_breaks_off_is_lost(
    net: NetClient, vendor: Vendor, url: str, do: str
) -> None:
    vendor.fail(Fault(on="credits", do=do))
    with pytest.raises(AnswerLost):
        await net.call("GET", url, headers={}, seconds=0.1)


async def test_an_endless_answer_is_cut_at_the_cap(
    net: NetClient, vendor: Vendor, url: str
) -> None:
    vendor.fail(Fault(on="credits", do="endless"))
    with pytest.raises(BadReply):
        await net.call("GET", url, headers={}, seconds=5)


async def test_a_compressed_answer_is_not_unpacked(
    net: NetClient, vendor: Vendor, url: str
) -> None:
    vendor.fail(Fault(on="credits", do="gzip"))
    with pytest.raises(BadReply):
        await net.call("GET", url, headers={}, seconds=1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_is_followed(
    net: NetClient, vendor: Vendor, url: str, status: int
) -> None:
    vendor.fail(Fault(on="credits", do="answer", status=status, headers={"location": url}))
    reply = await net.call("GET", url, headers={"x-key": vendor.key}, seconds=1)
    assert (reply.status, len(vendor.ledger.of("credits"))) == (status, 1)


async def test_plain_bytes_are_asked_for(net: NetClient, vendor: Vendor, url: str) -> None:
    await net.call("GET", url, headers={}, seconds=1)
    (entry,) = vendor.ledger.of("credits")
    assert entry.detail["headers"]["accept-encoding"] == "identity"


async def test_never_more_calls_than_slots_are_under_way() -> None:
    under_way, most = 0, 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"), request=request)

    async with NetClient(transport=httpx.MockTransport(handler)) as net:
        calls = (net.call("GET", "http://x.test/", headers={}, seconds=5) for _ in range(100))
        await asyncio.gather(*calls)
    assert most <= CALL_SLOTS


async def test_the_trouble_names_no_url_and_no_header(net: NetClient) -> None:
    with pytest.raises(NotSent) as caught:
        await net.call(
            "GET", f"http://127.0.0.1:{free_port()}/secret", headers={"x-key": "k3y"}, seconds=1
        )
    assert "secret" not in str(caught.value)
    assert "k3y" not in repr(caught.value)
