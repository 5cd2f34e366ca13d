"""What BFL alone may do to us; what any vendor may is in test_every_fault.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from app.errors import (
    ImageAuth,
    ImageCredits,
    ImageInvalid,
    ImageProtocol,
    ImageRateLimited,
)
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.orders import ImageRequest, JobHandle, JobState
from app.providers.bfl import BflProvider
from tests.fakes.misbehaviour import says
from tests.fakes.vendor import KEY, Fault, Plan, Vendor

ASKED = ImageRequest(prompt="a sensor", width=256, height=256)


async def test_a_404_of_a_poll_is_a_job_not_found(bfl: BflProvider, vendor: Vendor) -> None:
    handle = await bfl.submit(ASKED, key="k1")
    vendor.fail(Fault(on="poll", **says(404, {"detail": "Not Found"})))
    assert (await bfl.poll(handle)).state is JobState.NOT_FOUND


@pytest.mark.parametrize("status", [404, 405, 413, 418])
async def test_an_order_refused_outright_is_invalid_and_free(
    bfl: BflProvider, vendor: Vendor, status: int
) -> None:
    vendor.fail(Fault(on="submit", **says(status, {"detail": "no"})))
    with pytest.raises(ImageInvalid) as caught:
        await bfl.submit(ASKED, key="k1")
    assert (caught.value.http_status, caught.value.maybe_billed) == (status, False)


async def test_a_wrong_key_is_an_auth_error(net: NetClient, base: str) -> None:
    bfl = BflProvider(net, key=SecretStr("another"), base_url=base)
    with pytest.raises(ImageAuth):
        await bfl.credits()


@pytest.mark.parametrize("reply", [{}, {"credits": None}, {"credits": "12"}, {"credits": True}])
async def test_a_lying_balance_is_a_protocol_fault(
    bfl: BflProvider, vendor: Vendor, reply: object
) -> None:
    vendor.fail(Fault(on="credits", **says(200, reply)))
    with pytest.raises(ImageProtocol):
        await bfl.credits()


@pytest.mark.parametrize("job_id", [None, "", 5, ["x"], "x" * 10_000])
async def test_an_order_answered_without_a_usable_id_is_a_protocol_fault(
    bfl: BflProvider, vendor: Vendor, job_id: object
) -> None:
    vendor.plan(Plan(order={"id": job_id}))
    with pytest.raises(ImageProtocol):
        await bfl.submit(ASKED, key="k1")


async def test_an_id_like_a_path_stays_inside_the_query(bfl: BflProvider, vendor: Vendor) -> None:
    vendor.plan(Plan(order={"id": "../../etc/x&a=b#c", "polling_url": None}))
    handle = await bfl.submit(ASKED, key="k1")
    await bfl.poll(handle)
    (poll,) = vendor.ledger.of("poll")
    assert (poll.detail["path"], poll.job) == ("/v1/get_result", "../../etc/x&a=b#c")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/get_result?id=1",
        "https://bfl.ai.evil.example/",
        "https://evilbfl.ai/",
        "http://api.bfl.ai/",
        "https://api.bfl.ai:8443/",
        "https://api.bfl.ai@evil.example/",
        "https://user:pw@api.bfl.ai/",
        "file:///etc/passwd",
        "//api.bfl.ai/",
        "https://xn--bf-lka.ai/",
        "http://169.254.169.254/",
        "",
        "https://[bad",
        17,
    ],
)
async def test_the_key_follows_no_foreign_polling_address(
    bfl: BflProvider, vendor: Vendor, base: str, url: object
) -> None:
    """The job is paid, so it is asked for at the documented address of our own host instead."""
    vendor.plan(Plan(order={"polling_url": url}))
    handle = await bfl.submit(ASKED, key="k1")
    assert isinstance(handle, JobHandle)
    assert handle.poll_url == f"{base}/v1/get_result?id={handle.job_id}"


async def test_a_regional_polling_address_is_accepted(bfl: BflProvider, vendor: Vendor) -> None:
    regional = "https://api.eu4.bfl.ai/v1/get_result?id=1"
    vendor.plan(Plan(order={"polling_url": regional}))
    assert (await bfl.submit(ASKED, key="k1")).poll_url == regional


async def test_a_stored_handle_is_checked_again(bfl: BflProvider) -> None:
    foreign = JobHandle(
        provider="bfl", model="flux-2-pro", job_id="1", poll_url="https://evil.example/"
    )
    assert (await bfl.poll(foreign)).state is JobState.NOT_FOUND


async def test_the_key_never_reaches_the_delivery_host(
    bfl: BflProvider, vendor: Vendor, net: NetClient
) -> None:
    vendor.plan(Plan(answers=({"status": "Ready"},)))
    status = await bfl.poll(await bfl.submit(ASKED, key="k1"))
    await safe_fetch(net, str(status.output), trusted_hosts=bfl.trusted_hosts)
    (download,) = vendor.ledger.of("download")
    assert KEY not in repr(download)


@pytest.mark.parametrize(
    "body, raw",
    [
        ({"detail": "no money"}, "no money"),
        ({"detail": [{"loc": ["body", "width"], "msg": "odd", "type": "t"}]}, "body.width: odd"),
        ({"error": "Credits", "message": "none left"}, "none left"),
        ({"error": {"message": "nested"}}, "nested"),
        ("plain", "plain"),
        ({}, "HTTP 402"),
        (None, "HTTP 402"),
        ({"detail": {"a": 1}}, "HTTP 402"),
    ],
)
async def test_the_vendors_words_are_found_in_every_shape(
    bfl: BflProvider, vendor: Vendor, body: object, raw: str
) -> None:
    vendor.fail(Fault(on="submit", **says(402, body)))
    with pytest.raises(ImageCredits) as caught:
        await bfl.submit(ASKED, key="k1")
    assert caught.value.raw == raw


def _after(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    "header, low, high",
    [
        ("7", 7, 7),
        ("-3", 0, 0),
        ("1e9", 3600, 3600),
        (_after(1000), 100, 1001),
        (_after(-60), 0, 0),
    ],
    ids=["seconds", "negative", "huge", "date", "past date"],
)
async def test_a_pause_is_read_in_every_shape(
    bfl: BflProvider, vendor: Vendor, header: str, low: float, high: float
) -> None:
    vendor.fail(Fault(on="submit", **says(429, headers={"retry-after": header})))
    with pytest.raises(ImageRateLimited) as caught:
        await bfl.submit(ASKED, key="k1")
    assert caught.value.retry_after is not None
    assert low <= caught.value.retry_after.total_seconds() <= high


@pytest.mark.parametrize("header", ["soon", "nan", ""])
async def test_an_unreadable_pause_is_none(bfl: BflProvider, vendor: Vendor, header: str) -> None:
    vendor.fail(Fault(on="submit", **says(429, headers={"retry-after": header})))
    with pytest.raises(ImageRateLimited) as caught:
        await bfl.submit(ASKED, key="k1")
    assert caught.value.retry_after is None
