"""What BFL may do to us, and that it costs neither money twice nor the key once."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import SecretStr

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
from app.models import ImageRequest, JobHandle, JobState
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.providers.bfl import BflProvider
from tests.fakes.vendor import KEY, Fault, Plan, Vendor, free_port

ASKED = ImageRequest(prompt="a sensor", width=256, height=256)
HTML = "<html><body>Bad gateway</body></html>"
DEEP = "[" * 200_000


def says(status: int, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"do": "answer", "status": status, "body": body, **more}


EVERYWHERE: list[tuple[str, dict[str, Any], type[ImageError], type[ImageError]]] = [
    ("401", says(401, {"error": "x", "message": "no"}), ImageAuth, ImageAuth),
    ("402", says(402, {"detail": "Insufficient credits"}), ImageCredits, ImageCredits),
    (
        "403 of the key",
        says(403, {"detail": "Not authenticated - Invalid Authentication"}),
        ImageAuth,
        ImageAuth,
    ),
    ("403", says(403, {"detail": "Forbidden"}), ImagePermission, ImageUnavailable),
    ("400", says(400, {"detail": "bad"}), ImageInvalid, ImageInvalid),
    ("422", says(422, {"detail": [{"loc": ["b"], "msg": "m"}]}), ImageInvalid, ImageInvalid),
    ("429", says(429, {"detail": "slow down"}), ImageRateLimited, ImageRateLimited),
    ("500", says(500, {"detail": "oops"}), ImageSubmitUnknown, ImageUnavailable),
    ("502 html", says(502, text=HTML), ImageSubmitUnknown, ImageUnavailable),
    ("503", says(503, {"detail": "busy"}), ImageUnavailable, ImageUnavailable),
    ("504", says(504), ImageSubmitUnknown, ImageUnavailable),
    ("524", says(524, text=HTML), ImageSubmitUnknown, ImageUnavailable),
    ("302", says(302, headers={"location": "http://127.0.0.1:1/"}), ImageProtocol, ImageProtocol),
    ("html", says(200, text=HTML), ImageProtocol, ImageUnavailable),
    ("empty", says(200, text=""), ImageProtocol, ImageUnavailable),
    ("null", says(200, None), ImageProtocol, ImageUnavailable),
    ("list", says(200, []), ImageProtocol, ImageUnavailable),
    ("number", says(200, 5), ImageProtocol, ImageUnavailable),
    ("NaN", says(200, text='{"id": NaN}'), ImageProtocol, ImageUnavailable),
    ("too deep", says(200, text=DEEP), ImageProtocol, ImageUnavailable),
    ("hang", {"do": "hang"}, ImageSubmitUnknown, ImageUnavailable),
    ("reset", {"do": "reset"}, ImageSubmitUnknown, ImageUnavailable),
    ("cut", {"do": "cut"}, ImageSubmitUnknown, ImageUnavailable),
    ("drip", {"do": "drip"}, ImageSubmitUnknown, ImageUnavailable),
    ("endless", {"do": "endless"}, ImageProtocol, ImageUnavailable),
    ("gzip", {"do": "gzip"}, ImageProtocol, ImageUnavailable),
]
NAMES = [row[0] for row in EVERYWHERE]


def told(error: BaseException) -> str:
    """Everything a log could show of an error."""
    return "".join(traceback.format_exception(error)) + repr(vars(error))


@pytest.mark.parametrize("_name, fault, expected, _poll", EVERYWHERE, ids=NAMES)
async def test_a_fault_at_the_order_is_typed_sent_once_and_tells_no_key(
    bfl: BflProvider,
    vendor: Vendor,
    everything_logged: pytest.LogCaptureFixture,
    _name: str,
    fault: dict[str, Any],
    expected: type[ImageError],
    _poll: object,
) -> None:
    vendor.fail(Fault(on="submit", **fault))
    with pytest.raises(ImageError) as caught:
        await bfl.submit(ASKED, key="k1")
    assert type(caught.value) is expected
    assert len(vendor.ledger.of("submit")) == 1
    assert KEY not in told(caught.value) + everything_logged.text


@pytest.mark.parametrize("_name, fault, _submit, expected", EVERYWHERE, ids=NAMES)
async def test_a_fault_at_a_poll_is_typed_and_tells_no_key(
    bfl: BflProvider,
    vendor: Vendor,
    everything_logged: pytest.LogCaptureFixture,
    _name: str,
    fault: dict[str, Any],
    _submit: object,
    expected: type[ImageError],
) -> None:
    handle = await bfl.submit(ASKED, key="k1")
    vendor.fail(Fault(on="poll", **fault))
    with pytest.raises(ImageError) as caught:
        await bfl.poll(handle)
    assert type(caught.value) is expected
    assert KEY not in told(caught.value) + everything_logged.text


@pytest.mark.parametrize("fault", [says(429), says(502), says(503), {"do": "reset"}], ids=str)
async def test_a_job_outlives_a_bad_poll(
    bfl: BflProvider, vendor: Vendor, fault: dict[str, Any]
) -> None:
    vendor.plan(Plan(answers=({"status": "Ready"},)))
    handle = await bfl.submit(ASKED, key="k1")
    vendor.fail(Fault(on="poll", **fault))
    with pytest.raises(ImageError) as caught:
        await bfl.poll(handle)
    assert caught.value.retryable
    assert (await bfl.poll(handle)).state is JobState.SUCCEEDED


async def test_a_charged_order_whose_answer_is_lost_is_unknown(
    bfl: BflProvider, vendor: Vendor
) -> None:
    vendor.fail(Fault(on="submit", do="reset", accepted=True))
    with pytest.raises(ImageSubmitUnknown) as caught:
        await bfl.submit(ASKED, key="k1")
    assert caught.value.maybe_billed
    assert len(vendor.ledger.of("charge")) == 1


async def test_an_order_that_found_nobody_may_be_repeated(net: NetClient) -> None:
    bfl = BflProvider(net, key=SecretStr(KEY), base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ImageUnavailable) as caught:
        await bfl.submit(ASKED, key="k1")
    assert not caught.value.maybe_billed


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
    bfl: BflProvider, vendor: Vendor, url: object
) -> None:
    vendor.plan(Plan(order={"polling_url": url}))
    with pytest.raises(ImageProtocol):
        await bfl.submit(ASKED, key="k1")


async def test_a_regional_polling_address_is_accepted(bfl: BflProvider, vendor: Vendor) -> None:
    regional = "https://api.eu4.bfl.ai/v1/get_result?id=1"
    vendor.plan(Plan(order={"polling_url": regional}))
    assert (await bfl.submit(ASKED, key="k1")).poll_url == regional


async def test_a_stored_handle_is_checked_again(bfl: BflProvider) -> None:
    foreign = JobHandle(
        provider="bfl", model="flux-2-pro", job_id="1", poll_url="https://evil.example/"
    )
    with pytest.raises(ImageProtocol):
        await bfl.poll(foreign)


async def test_the_key_never_reaches_the_delivery_host(
    bfl: BflProvider, vendor: Vendor, net: NetClient
) -> None:
    vendor.plan(Plan(answers=({"status": "Ready"},)))
    status = await bfl.poll(await bfl.submit(ASKED, key="k1"))
    await safe_fetch(net, str(status.output), trusted_hosts=bfl.trusted_hosts)
    (download,) = vendor.ledger.of("download")
    assert KEY not in repr(download)


async def test_a_key_echoed_by_the_vendor_is_cut_out(bfl: BflProvider, vendor: Vendor) -> None:
    vendor.fail(Fault(on="submit", **says(400, {"detail": f"key {KEY} is odd"})))
    with pytest.raises(ImageInvalid) as caught:
        await bfl.submit(ASKED, key="k1")
    assert caught.value.raw == "key [hidden] is odd"


def test_the_key_is_not_in_the_providers_repr(bfl: BflProvider) -> None:
    assert KEY not in repr(bfl) + repr(vars(bfl))


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
