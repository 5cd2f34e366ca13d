"""Apiframe as seed 004 and its OpenAPI file describe it: orders, sizes, results, webhooks."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from app.errors import (
    ImageCredits,
    ImageInvalid,
    ImageProtocol,
    ImageRateLimited,
    ImageSubmitUnknown,
    ImageUnavailable,
)
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.orders import Cost, ImageRequest, JobHandle, JobState
from app.providers.apiframe import ApiframeProvider
from app.providers.apiframe.orders import MODELS
from tests.fakes.misbehaviour import says
from tests.fakes.vendor import KEY, Fault, Plan, Vendor, serving, vendor_app
from tests.fakes.vendor_apiframe import apiframe_routes

PNG = b"\x89PNG\r\n\x1a\n and the rest"
JPEG = b"\xff\xd8\xff\xe0 and the rest"
WEBP = b"RIFF\x00\x00\x00\x00WEBP and the rest"


@pytest.fixture
async def url(vendor: Vendor) -> AsyncIterator[str]:
    async with serving(vendor_app(vendor, apiframe_routes(vendor))) as base:
        yield base


@pytest.fixture
async def apiframe(url: str, net: NetClient) -> ApiframeProvider:
    return ApiframeProvider(
        net, key=SecretStr(KEY), base_url=url, submit_seconds=0.3, ask_seconds=0.3
    )


def sent(vendor: Vendor) -> dict[str, Any]:
    """The body of the one order."""
    (entry,) = vendor.ledger.of("submit")
    body: dict[str, Any] = entry.detail["body"]
    return body


def names(vendor: Vendor) -> list[str]:
    """The idempotency keys of all orders."""
    return [entry.detail["headers"]["idempotency-key"] for entry in vendor.ledger.of("submit")]


async def ordered(apiframe: ApiframeProvider, **fields: Any) -> JobHandle:
    return await apiframe.submit(ImageRequest(prompt="a sensor", **fields), key="image-1")


async def polled(apiframe: ApiframeProvider, vendor: Vendor, **answer: Any) -> Any:
    """The status after one poll that is answered so."""
    vendor.plan(Plan(answers=(answer,)))
    return await apiframe.poll(await ordered(apiframe))


async def test_the_smallest_order_has_exactly_the_known_keys(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    await ordered(apiframe)
    params = {"aspect_ratio": "1:1", "output_format": "png", "resolution": "1MP"}
    assert sent(vendor) == {"prompt": "a sensor", "model": "flux-2-pro", "fluxParams": params}


async def test_the_fullest_order_is_taken_by_the_strict_vendor(
    net: NetClient, url: str, vendor: Vendor
) -> None:
    hook = "https://bot.example/hook"
    apiframe = ApiframeProvider(net, key=SecretStr(KEY), base_url=url, webhook_url=hook)
    links = ("https://example.org/a.png", PNG)
    await ordered(
        apiframe,
        model="flux-2-max",
        seed=5,
        prompt_upsampling=False,
        output_format="jpeg",
        references=links,
    )
    body = sent(vendor)
    assert (body["webhookUrl"], body["webhookEvents"]) == (hook, ["completed", "failed"])
    assert body["fluxParams"]["output_format"] == "jpg"
    assert (body["fluxParams"]["seed"], body["fluxParams"]["prompt_upsampling"]) == (5, False)
    assert body["fluxParams"]["input_images"] == [
        "https://example.org/a.png",
        "https://cdn2.apiframe.example/uploads/1.png",
    ]


@pytest.mark.parametrize(
    "size, ratio, resolution, painted",
    [
        ((64, 64), "1:1", "0.5MP", (704, 704)),
        ((1024, 1024), "1:1", "1MP", (1024, 1024)),
        ((1200, 630), "16:9", "1MP", (1344, 768)),
        ((1080, 1080), "1:1", "2MP", (1440, 1440)),
        ((1080, 1350), "3:4", "2MP", (1248, 1664)),
        ((1080, 1920), "9:16", "4MP", (1152, 2048)),
        ((1600, 1200), "4:3", "2MP", (1664, 1248)),
        ((2048, 2048), "1:1", "4MP", (2048, 2048)),
    ],
)
async def test_the_fewest_megapixels_that_hold_the_size_are_ordered(
    apiframe: ApiframeProvider,
    vendor: Vendor,
    size: tuple[int, int],
    ratio: str,
    resolution: str,
    painted: tuple[int, int],
) -> None:
    request = ImageRequest(prompt="a sensor", width=size[0], height=size[1])
    quote = apiframe.validate(request)
    await apiframe.submit(request, key="image-1")
    params = sent(vendor)["fluxParams"]
    assert (params["aspect_ratio"], params["resolution"]) == (ratio, resolution)
    assert (quote.width, quote.height) == painted


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_size_that_is_painted_holds_the_asked_one(
    apiframe: ApiframeProvider, model: str
) -> None:
    for width in range(64, 2049, 248):
        for height in range(64, 2049, 248):
            request = ImageRequest(prompt="a", model=model, width=width, height=height)
            try:
                quote = apiframe.validate(request)
            except ImageInvalid:
                continue
            assert quote.width >= width
            assert quote.height >= height


@pytest.mark.parametrize(
    "model, size",
    [("flux-2-pro", (2049, 512)), ("flux-1.1-pro", (1080, 1080))],
)
def test_a_size_nothing_can_be_cut_from_is_refused_with_the_sizes_there_are(
    apiframe: ApiframeProvider, model: str, size: tuple[int, int]
) -> None:
    with pytest.raises(ImageInvalid, match=rf"{size[0]} x {size[1]} cannot be cut out of .* x "):
        apiframe.validate(ImageRequest(prompt="a", model=model, width=size[0], height=size[1]))


async def test_the_older_models_are_given_no_resolution(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    await ordered(apiframe, model="flux-1.1-pro-ultra", width=1080, height=1350)
    assert "resolution" not in sent(vendor)["fluxParams"]


@pytest.mark.parametrize(
    "fields, sentence",
    [
        ({"prompt": "x" * 2001}, "at most 2000 characters"),
        ({"references": (PNG,) * 9}, "at most 8 reference"),
        ({"references": (PNG,), "model": "flux-1.1-pro"}, "at most 0 reference"),
        ({"references": ("http://example.org/a.png",)}, "https"),
        ({"references": (b"GIF89a",)}, "no png, jpeg or webp"),
        ({"references": (b"RIFF\x00\x00\x00\x00WAVE",)}, "no png, jpeg or webp"),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_sent(
    apiframe: ApiframeProvider, vendor: Vendor, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ImageInvalid, match=sentence):
        await apiframe.submit(ImageRequest(**{"prompt": "a", **fields}), key="image-1")
    assert vendor.ledger.as_json() == []


def test_a_prompt_of_two_thousand_characters_is_taken(apiframe: ApiframeProvider) -> None:
    apiframe.validate(ImageRequest(prompt="x" * 2000))


def test_a_tolerance_is_said_to_be_dropped(apiframe: ApiframeProvider) -> None:
    quote = apiframe.validate(ImageRequest(prompt="a", safety_tolerance=2))
    assert quote.warnings == ("Apiframe has no safety tolerance",)


@pytest.mark.parametrize(
    "picture, mime", [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")]
)
async def test_a_local_reference_is_uploaded_before_the_order(
    apiframe: ApiframeProvider, vendor: Vendor, picture: bytes, mime: str
) -> None:
    await ordered(apiframe, references=(picture,))
    (upload,) = vendor.ledger.of("upload")
    assert upload.detail["fields"] == ["file"]
    assert (upload.detail["mime"], upload.detail["size"]) == (mime, len(picture))
    assert [entry["kind"] for entry in vendor.ledger.as_json()] == ["upload", "submit", "charge"]


@pytest.mark.parametrize(
    "fault",
    [
        says(503, {"error": "busy"}),
        says(500, {"error": "oops"}),
        says(404, {"error": "Not found"}),
        says(201, {"id": "1"}),
        says(201, text="<html>"),
        {"do": "reset"},
        {"do": "hang"},
    ],
    ids=str,
)
async def test_a_failed_upload_orders_nothing_and_may_be_tried_again(
    apiframe: ApiframeProvider, vendor: Vendor, fault: dict[str, Any]
) -> None:
    vendor.fail(Fault(on="upload", **fault))
    with pytest.raises(ImageUnavailable) as caught:
        await ordered(apiframe, references=(PNG,))
    assert (caught.value.retryable, caught.value.maybe_billed) == (True, False)
    assert vendor.ledger.of("submit") == []


async def test_a_lost_answer_is_asked_for_again_under_the_same_key_and_paid_once(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    vendor.fail(Fault(on="submit", do="reset", accepted=True))
    handle = await ordered(apiframe)
    (charge,) = vendor.ledger.of("charge")
    assert handle.job_id == charge.job
    assert len(set(names(vendor))) == 1


@pytest.mark.parametrize("second", [says(401), says(429), says(503), says(200, None)], ids=str)
async def test_an_order_that_stays_in_the_dark_is_unknown_whatever_comes_second(
    apiframe: ApiframeProvider, vendor: Vendor, second: dict[str, Any]
) -> None:
    vendor.fail(Fault(on="submit", do="reset", accepted=True), Fault(on="submit", nth=2, **second))
    with pytest.raises(ImageSubmitUnknown):
        await ordered(apiframe)
    assert len(vendor.ledger.of("submit")) == 2


async def test_the_same_order_has_the_same_key_after_a_restart(
    apiframe: ApiframeProvider, vendor: Vendor, net: NetClient, url: str
) -> None:
    first = await ordered(apiframe, seed=3)
    again = ApiframeProvider(net, key=SecretStr(KEY), base_url=url)
    assert (await ordered(again, seed=3)).job_id == first.job_id
    assert len(vendor.ledger.of("charge")) == 1


@pytest.mark.parametrize("change", [{"seed": 4}, {"width": 512}, {"model": "flux-2-dev"}])
async def test_another_order_of_the_same_number_is_no_replay(
    apiframe: ApiframeProvider, vendor: Vendor, change: dict[str, Any]
) -> None:
    """Two desks with one vendor's key both have a first image."""
    await ordered(apiframe)
    await ordered(apiframe, **change)
    assert len(set(names(vendor))) == 2
    assert len(vendor.ledger.of("charge")) == 2


async def test_a_reference_uploaded_anew_is_not_paid_twice(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    await ordered(apiframe, references=(PNG,))
    with pytest.raises(ImageSubmitUnknown) as caught:
        await ordered(apiframe, references=(PNG,))
    assert caught.value.http_status == 409
    assert len(vendor.ledger.of("charge")) == 1


@pytest.mark.parametrize("job_id", [None, "", ["x"], "x" * 10_000])
async def test_an_order_answered_without_a_usable_id_is_a_protocol_fault(
    apiframe: ApiframeProvider, vendor: Vendor, job_id: object
) -> None:
    vendor.plan(Plan(order={"jobId": job_id}))
    with pytest.raises(ImageProtocol):
        await ordered(apiframe)


async def test_an_id_like_a_path_stays_one_piece_of_it(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    vendor.plan(Plan(order={"jobId": "../../v2/me?a=b#c"}))
    await apiframe.poll(await ordered(apiframe))
    (poll,) = vendor.ledger.of("poll")
    assert poll.job == "../../v2/me?a=b#c"


async def test_the_request_id_is_kept(apiframe: ApiframeProvider) -> None:
    handle = await ordered(apiframe)
    assert handle.request_id == f"req-{handle.job_id}"


@pytest.mark.parametrize(
    "answer, state",
    [
        ({"status": "QUEUED"}, JobState.RUNNING),
        ({"status": "processing"}, JobState.RUNNING),
        ({"status": "COMPLETED"}, JobState.SUCCEEDED),
        ({"status": "FAILED", "error": "out of memory"}, JobState.FAILED),
        ({"status": "CANCELLED"}, JobState.CANCELED),
        ({"status": "SOMETHING_NEW"}, JobState.RUNNING),
        ({"status": None}, JobState.RUNNING),
        (
            {
                "status": "FAILED",
                "error": "Provider returned an error: content policy violation",
            },
            JobState.MODERATED_OUTPUT,
        ),
        ({"status": "COMPLETED", "result": None, "expired": True}, JobState.NOT_FOUND),
    ],
    ids=lambda value: str(value.get("status")) if isinstance(value, dict) else value,
)
async def test_a_status_has_its_meaning(
    apiframe: ApiframeProvider, vendor: Vendor, answer: dict[str, Any], state: JobState
) -> None:
    assert (await polled(apiframe, vendor, **answer)).state is state


async def test_the_vendors_own_words_are_kept(apiframe: ApiframeProvider, vendor: Vendor) -> None:
    status = await polled(apiframe, vendor, status="FAILED", error="content policy violation")
    assert (status.raw_status, status.reasons) == ("FAILED", ("content policy violation",))


async def test_an_unknown_status_is_logged_once(
    apiframe: ApiframeProvider, vendor: Vendor, everything_logged: pytest.LogCaptureFixture
) -> None:
    vendor.plan(Plan(answers=({"status": "DREAMING"},)))
    handle = await ordered(apiframe)
    await apiframe.poll(handle)
    await apiframe.poll(handle)
    assert everything_logged.text.count("DREAMING") == 1


@pytest.mark.parametrize(
    "told, progress", [(0, 0.0), (1, 0.01), (40, 0.4), (400, 1.0), (-1, None), ("x", None)]
)
async def test_progress_counts_to_a_hundred(
    apiframe: ApiframeProvider, vendor: Vendor, told: object, progress: float | None
) -> None:
    assert (await polled(apiframe, vendor, status="PROCESSING", progress=told)).progress == (
        progress
    )


LINK = "https://cdn2.apiframe.ai/images/u-1.png"


@pytest.mark.parametrize(
    "result",
    [
        LINK,
        [LINK],
        [{"url": LINK}],
        {"images": [LINK]},
        {"images": [{"url": LINK}]},
        {"images": LINK},
        {"url": LINK},
        {"imageUrl": LINK},
        {"images": [], "url": LINK},
    ],
    ids=str,
)
async def test_a_result_is_read_in_every_shape(
    apiframe: ApiframeProvider, vendor: Vendor, result: object
) -> None:
    assert (await polled(apiframe, vendor, status="COMPLETED", result=result)).output == LINK


@pytest.mark.parametrize(
    "result", [None, "", [], {}, {"images": []}, {"images": [None]}, 5, [[LINK]], {"url": 5}]
)
async def test_completed_without_a_picture_is_a_protocol_fault(
    apiframe: ApiframeProvider, vendor: Vendor, result: object
) -> None:
    with pytest.raises(ImageProtocol):
        await polled(apiframe, vendor, status="COMPLETED", result=result)


async def test_the_answer_for_another_job_is_not_taken(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    with pytest.raises(ImageProtocol):
        await polled(apiframe, vendor, status="COMPLETED", id="somebody-else")


async def test_the_price_is_in_credits_without_dollars(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    status = await polled(apiframe, vendor, status="COMPLETED", creditCost=12.5)
    assert status.cost == Cost(amount=12.5, unit="apiframe_credit", usd=None, basis="reported")


async def test_a_failed_job_is_told_to_be_free(apiframe: ApiframeProvider, vendor: Vendor) -> None:
    status = await polled(apiframe, vendor, status="FAILED", creditCost=0)
    assert status.cost is not None
    assert status.cost.amount == 0


@pytest.mark.parametrize("told", [None, "ten", -1, True])
async def test_an_unusable_price_is_none(
    apiframe: ApiframeProvider, vendor: Vendor, told: object
) -> None:
    assert (await polled(apiframe, vendor, status="COMPLETED", creditCost=told)).cost is None


async def test_a_refusal_for_want_of_credits_tells_how_many(
    apiframe: ApiframeProvider, vendor: Vendor
) -> None:
    body = {"error": "Insufficient credits", "creditsRequired": 12, "creditsAvailable": 3}
    vendor.fail(Fault(on="submit", **says(402, body)))
    with pytest.raises(ImageCredits) as caught:
        await ordered(apiframe)
    assert caught.value.raw == "Insufficient credits (12 needed, 3 left)"


async def test_a_refusal_tells_the_fields(apiframe: ApiframeProvider, vendor: Vendor) -> None:
    body = {"error": "Validation failed", "details": {"fluxParams.resolution": ["Invalid"]}}
    headers = {"x-request-id": "req-9"}
    vendor.fail(Fault(on="submit", **says(400, body, headers=headers)))
    with pytest.raises(ImageInvalid) as caught:
        await ordered(apiframe)
    assert caught.value.raw == "Validation failed; fluxParams.resolution: Invalid"
    assert caught.value.request_id == "req-9"


async def test_a_pause_is_obeyed(apiframe: ApiframeProvider, vendor: Vendor) -> None:
    vendor.fail(Fault(on="submit", **says(429, {"error": "x"}, headers={"retry-after": "7"})))
    with pytest.raises(ImageRateLimited) as caught:
        await ordered(apiframe)
    assert caught.value.retry_after == timedelta(seconds=7)


async def test_the_balance_is_the_teams(apiframe: ApiframeProvider) -> None:
    balance = await apiframe.credits()
    assert (balance.amount, balance.unit, balance.usd) == (120, "apiframe_credit", None)


@pytest.mark.parametrize("reply", [{}, {"team": None}, {"team": {"credits": "12"}}, {"team": []}])
async def test_a_lying_balance_is_a_protocol_fault(
    apiframe: ApiframeProvider, vendor: Vendor, reply: object
) -> None:
    vendor.fail(Fault(on="credits", **says(200, reply)))
    with pytest.raises(ImageProtocol):
        await apiframe.credits()


async def test_the_key_never_reaches_the_delivery_host(
    apiframe: ApiframeProvider, vendor: Vendor, net: NetClient
) -> None:
    status = await polled(apiframe, vendor, status="COMPLETED")
    await safe_fetch(net, str(status.output), trusted_hosts=apiframe.trusted_hosts)
    (download,) = vendor.ledger.of("download")
    assert KEY not in repr(download)


def _signature(key: str, body: bytes) -> str:
    secret = hashlib.sha256(key.encode()).digest()
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


BODY = b'{"event":"completed","jobId":"j1","status":"COMPLETED"}'


@pytest.mark.parametrize(
    "header, body, job",
    [
        (f"sha256={_signature(KEY, BODY)}", BODY, "j1"),
        (_signature(KEY, BODY), BODY, "j1"),
        (_signature(KEY, BODY).upper(), BODY, "j1"),
        (f"sha256={_signature('wrong', BODY)}", BODY, None),
        (f"sha256={_signature(KEY, BODY)}", BODY + b" ", None),
        ("", BODY, None),
        ("ü", BODY, None),
        (_signature(KEY, b"[]"), b"[]", None),
        (_signature(KEY, b"no json"), b"no json", None),
        (_signature(KEY, b'{"jobId": 5}'), b'{"jobId": 5}', None),
    ],
)
async def test_a_webhook_is_believed_only_with_the_right_signature(
    apiframe: ApiframeProvider, header: str, body: bytes, job: str | None
) -> None:
    assert apiframe.parse_webhook({"x-webhook-signature": header}, body) == job
