"""What any vendor may do to us (reliability.md 2.1): typed, in time, sent once, no key told."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator

import pytest

from app.errors import (
    ImageAuth,
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImagePermission,
    ImageProtocol,
    ImageRateLimited,
    ImageSubmitUnknown,
    ImageUnavailable,
)
from app.net.client import NetClient
from app.orders import ImageRequest, JobHandle
from app.ports import ImageProvider
from tests.fakes.misbehaviour import TROUBLES, Fault, says
from tests.fakes.rigs import RIGS, Rig
from tests.fakes.vendor import KEY, Vendor, free_port, serving, vendor_app

ASKED = ImageRequest(prompt="a sensor", width=256, height=256)
#: faults that only a deadline ends, and that deadline: enough for a busy machine to get going
ENDED_BY_TIME = frozenset({"hang", "drip"})
DEADLINE = 0.4
#: for everything else: none of it may be noticed by a timeout
PATIENCE = 10.0
IN_TIME = 5.0

#: at the order, at a poll
EXPECTED: dict[str, tuple[type[ImageError], type[ImageError]]] = {
    "400": (ImageInvalid, ImageInvalid),
    "401": (ImageAuth, ImageAuth),
    "402": (ImageCredits, ImageCredits),
    "403": (ImagePermission, ImagePermission),
    "403 of the key": (ImageAuth, ImageAuth),
    "422": (ImageInvalid, ImageInvalid),
    "429": (ImageRateLimited, ImageRateLimited),
    "500": (ImageSubmitUnknown, ImageUnavailable),
    "502 html": (ImageSubmitUnknown, ImageUnavailable),
    "503": (ImageUnavailable, ImageUnavailable),
    "504": (ImageSubmitUnknown, ImageUnavailable),
    "524": (ImageSubmitUnknown, ImageUnavailable),
    "302": (ImageProtocol, ImageProtocol),
    "html": (ImageProtocol, ImageUnavailable),
    "empty": (ImageProtocol, ImageUnavailable),
    "null": (ImageProtocol, ImageUnavailable),
    "list": (ImageProtocol, ImageUnavailable),
    "number": (ImageProtocol, ImageUnavailable),
    "NaN": (ImageProtocol, ImageUnavailable),
    "too deep": (ImageProtocol, ImageUnavailable),
    "hang": (ImageSubmitUnknown, ImageUnavailable),
    "reset": (ImageSubmitUnknown, ImageUnavailable),
    "cut": (ImageSubmitUnknown, ImageUnavailable),
    "drip": (ImageSubmitUnknown, ImageUnavailable),
    "endless": (ImageProtocol, ImageUnavailable),
    "gzip": (ImageProtocol, ImageUnavailable),
}
POLLERS = [rig for rig in RIGS if rig.polls]
TRANSIENT = {"429", "502 html", "503", "reset"}


def told(error: BaseException) -> str:
    """Everything a log could show of an error."""
    return "".join(traceback.format_exception(error)) + repr(vars(error))


def orders(vendor: Vendor) -> int:
    """How many orders came; what comes again under one idempotency key is one order."""
    sent = vendor.ledger.of("submit")
    keys = (entry.detail["headers"].get("idempotency-key") for entry in sent)
    return len({key or number for number, key in enumerate(keys)})


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> Rig:
    """The vendor of this test, by `indirect` parameter."""
    given: Rig = request.param
    return given


@pytest.fixture
async def url(rig: Rig, vendor: Vendor) -> AsyncIterator[str]:
    async with serving(vendor_app(vendor, rig.routes(vendor))) as address:
        yield address


@pytest.fixture
async def provider(rig: Rig, net: NetClient, url: str) -> ImageProvider:
    """That vendor's provider, with time enough."""
    return rig.make(net, url, PATIENCE)


@pytest.fixture
async def asker(rig: Rig, net: NetClient, url: str, trouble: str) -> ImageProvider:
    """The same with the deadline that suits the trouble of this test."""
    return rig.make(net, url, DEADLINE if trouble in ENDED_BY_TIME else PATIENCE)


async def ordered(provider: ImageProvider) -> JobHandle:
    """A job that is under way."""
    handle = await provider.submit(ASKED, key="k1")
    assert isinstance(handle, JobHandle)
    return handle


def test_every_trouble_has_its_expected_error() -> None:
    assert TROUBLES.keys() == EXPECTED.keys()


@pytest.mark.parametrize("rig", RIGS, ids=str, indirect=True)
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_fault_at_the_order_is_typed_sent_once_and_tells_no_key(
    asker: ImageProvider,
    rig: Rig,
    vendor: Vendor,
    everything_logged: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    vendor.fail(Fault(on="submit", nth=None, **TROUBLES[trouble]))
    with pytest.raises(ImageError) as caught:
        async with asyncio.timeout(IN_TIME):
            await asker.submit(ASKED, key="k1")
    assert type(caught.value) is rig.at_order.get(trouble, EXPECTED[trouble][0])
    assert caught.value.provider == rig.name
    assert orders(vendor) == 1
    assert KEY not in told(caught.value) + everything_logged.text


@pytest.mark.parametrize("rig", POLLERS, ids=str, indirect=True)
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_fault_at_a_poll_is_typed_and_tells_no_key(
    provider: ImageProvider,
    asker: ImageProvider,
    rig: Rig,
    vendor: Vendor,
    everything_logged: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    handle = await ordered(provider)
    vendor.fail(Fault(on="poll", **TROUBLES[trouble]))
    with pytest.raises(ImageError) as caught:
        async with asyncio.timeout(IN_TIME):
            await asker.poll(handle)
    assert type(caught.value) is rig.at_poll.get(trouble, EXPECTED[trouble][1])
    assert KEY not in told(caught.value) + everything_logged.text


@pytest.mark.parametrize("rig", POLLERS, ids=str, indirect=True)
@pytest.mark.parametrize("trouble", sorted(TRANSIENT))
async def test_a_job_outlives_a_bad_poll(
    provider: ImageProvider, vendor: Vendor, rig: Rig, trouble: str
) -> None:
    handle = await ordered(provider)
    vendor.fail(Fault(on="poll", **TROUBLES[trouble]))
    with pytest.raises(ImageError) as caught:
        await provider.poll(handle)
    assert caught.value.retryable
    assert (await provider.poll(handle)).state in ("running", "succeeded")


@pytest.mark.parametrize("rig", RIGS, ids=str, indirect=True)
async def test_a_charged_order_whose_answer_is_lost_is_unknown(
    provider: ImageProvider, vendor: Vendor, rig: Rig
) -> None:
    vendor.fail(Fault(on="submit", nth=None, do="reset", accepted=True))
    with pytest.raises(ImageSubmitUnknown) as caught:
        await provider.submit(ASKED, key="k1")
    assert caught.value.maybe_billed
    assert len(vendor.ledger.of("charge")) == 1


@pytest.mark.parametrize("rig", RIGS, ids=str)
async def test_an_order_that_found_nobody_may_be_repeated(net: NetClient, rig: Rig) -> None:
    provider = rig.make(net, f"http://127.0.0.1:{free_port()}", 5.0)
    with pytest.raises(ImageUnavailable) as caught:
        await provider.submit(ASKED, key="k1")
    assert not caught.value.maybe_billed


@pytest.mark.parametrize("rig", RIGS, ids=str, indirect=True)
async def test_a_key_echoed_by_the_vendor_is_cut_out(
    provider: ImageProvider, vendor: Vendor, rig: Rig
) -> None:
    vendor.fail(Fault(on="submit", **says(400, {"detail": f"key {KEY} is odd"})))
    with pytest.raises(ImageInvalid) as caught:
        await provider.submit(ASKED, key="k1")
    assert caught.value.raw == "key [hidden] is odd"


@pytest.mark.parametrize("rig", RIGS, ids=str)
async def test_the_key_is_not_in_the_providers_repr(net: NetClient, rig: Rig) -> None:
    provider = rig.make(net, "http://127.0.0.1:9", 1.0)
    assert KEY not in repr(provider) + repr(vars(provider))


@pytest.mark.parametrize("rig", RIGS, ids=str, indirect=True)
async def test_a_wrong_key_is_an_auth_error(
    provider: ImageProvider, vendor: Vendor, rig: Rig
) -> None:
    vendor.key = "another"
    with pytest.raises(ImageAuth):
        await provider.submit(ASKED, key="k1")
