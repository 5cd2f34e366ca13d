"""Replicate and CometAPI as their documents and seed 003 describe them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from app.errors import (
    ImageAuth,
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImageModerated,
    ImagePermission,
    ImageProtocol,
    ImageRateLimited,
    ImageSubmitUnknown,
    ImageUnavailable,
)
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.orders import ImageRequest, JobHandle, JobState, JobStatus
from app.providers.replicate import COMETAPI, REPLICATE, ReplicateProvider
from app.providers.replicate.models import MODELS
from tests.fakes.misbehaviour import says
from tests.fakes.vendor import KEY, Fault, Plan, Vendor, serving, vendor_app
from tests.fakes.vendor_replicate import comet_routes, replicate_routes

ASKED = ImageRequest(prompt="a sensor", width=1080, height=1350)
HTML = "<html><body>CometAPI</body></html>"


@pytest.fixture
async def replicate(vendor: Vendor, net: NetClient) -> AsyncIterator[ReplicateProvider]:
    async with serving(vendor_app(vendor, replicate_routes(vendor))) as url:
        yield ReplicateProvider(net, REPLICATE, key=SecretStr(KEY), base_url=url)


@pytest.fixture
async def comet(vendor: Vendor, net: NetClient) -> AsyncIterator[ReplicateProvider]:
    async with serving(vendor_app(vendor, comet_routes(vendor))) as url:
        yield ReplicateProvider(net, COMETAPI, key=SecretStr(KEY), base_url=f"{url}/replicate")


async def ordered(provider: ReplicateProvider, **fields: Any) -> JobHandle:
    return await provider.submit(replace(ASKED, **fields), key="k1")


async def answered(provider: ReplicateProvider, vendor: Vendor, **answer: Any) -> JobStatus:
    """What a poll says when the vendor answers that."""
    vendor.plan(Plan(answers=(answer,)))
    return await provider.poll(await ordered(provider))


def sent(vendor: Vendor) -> dict[str, Any]:
    """The `input` of the one order."""
    (entry,) = vendor.ledger.of("submit")
    assert entry.detail["body"].keys() == {"input"}
    fields: dict[str, Any] = entry.detail["body"]["input"]
    return fields


async def test_pixels_are_asked_where_the_model_takes_them(
    replicate: ReplicateProvider, vendor: Vendor
) -> None:
    await ordered(replicate, output_format="jpeg")
    assert sent(vendor) == {
        "prompt": "a sensor",
        "output_format": "jpg",
        "aspect_ratio": "custom",
        "width": 1088,
        "height": 1376,
    }


async def test_the_owner_may_be_named(replicate: ReplicateProvider, vendor: Vendor) -> None:
    handle = await ordered(replicate, model="black-forest-labs/flux-1.1-pro")
    (order,) = vendor.ledger.of("submit")
    assert order.detail["path"] == "/v1/models/black-forest-labs/flux-1.1-pro/predictions"
    assert handle.job_id in vendor.jobs


async def test_replicate_is_not_asked_to_wait(
    replicate: ReplicateProvider, vendor: Vendor
) -> None:
    await ordered(replicate)
    (order,) = vendor.ledger.of("submit")
    assert "prefer" not in order.detail["headers"]


async def test_seed_tolerance_and_upsampling_go_where_the_model_has_them(
    replicate: ReplicateProvider, vendor: Vendor
) -> None:
    await ordered(
        replicate, model="flux-1.1-pro", seed=7, safety_tolerance=3, prompt_upsampling=True
    )
    fields = sent(vendor)
    assert (fields["seed"], fields["safety_tolerance"]) == (7, 3)
    assert fields["prompt_upsampling"] is True


async def test_fields_a_model_does_not_have_are_dropped_and_named(
    replicate: ReplicateProvider, vendor: Vendor
) -> None:
    asked = ImageRequest(
        prompt="a", model="flux-schnell", safety_tolerance=9, prompt_upsampling=True, seed=1
    )
    assert replicate.validate(asked).warnings == (
        "this model has no safety tolerance",
        "this model has no prompt upsampling",
    )
    await replicate.submit(asked, key="k1")
    assert sent(vendor).keys() == {"prompt", "output_format", "aspect_ratio", "seed"}


async def test_webp_where_there_is_none_is_painted_as_png(
    replicate: ReplicateProvider, vendor: Vendor
) -> None:
    asked = ImageRequest(prompt="a", model="flux-1.1-pro-ultra", output_format="webp")
    assert replicate.validate(asked).warnings == ("painted as png and converted to webp",)
    await replicate.submit(asked, key="k1")
    assert sent(vendor)["output_format"] == "png"


@pytest.mark.parametrize(
    "model, size, proportion, painted",
    [
        ("flux-schnell", (1024, 1024), "1:1", (1024, 1024)),
        ("flux-schnell", (1200, 630), "16:9", (1344, 768)),
        ("flux-schnell", (800, 1000), "4:5", (896, 1088)),
        ("flux-schnell", (300, 1500), "9:21", (640, 1536)),
        ("flux-kontext-pro", (1000, 500), "2:1", (1440, 704)),
        ("flux-1.1-pro-ultra", (1080, 1350), "4:5", (1824, 2272)),
        ("flux-1.1-pro-ultra", (2048, 2048), "1:1", (2048, 2048)),
    ],
)
async def test_a_model_of_proportions_gets_the_nearest_that_holds_the_asked_pixels(
    replicate: ReplicateProvider,
    vendor: Vendor,
    model: str,
    size: tuple[int, int],
    proportion: str,
    painted: tuple[int, int],
) -> None:
    asked = ImageRequest(prompt="a", model=model, width=size[0], height=size[1])
    quote = replicate.validate(asked)
    await replicate.submit(asked, key="k1")
    assert sent(vendor)["aspect_ratio"] == proportion
    assert (quote.width, quote.height) == painted


@pytest.mark.parametrize(
    "model, size", [("flux-schnell", (1080, 1350)), ("flux-2-dev", (1500, 900))]
)
def test_pixels_a_model_cannot_paint_are_refused_in_a_sentence(
    replicate: ReplicateProvider, model: str, size: tuple[int, int]
) -> None:
    with pytest.raises(ImageInvalid, match=f"{size[0]} x {size[1]} "):
        replicate.validate(ImageRequest(prompt="a", model=model, width=size[0], height=size[1]))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_capabilities_its_orders_keep_to(
    replicate: ReplicateProvider, model: str
) -> None:
    can = replicate.capabilities(model)
    quote = replicate.validate(ImageRequest(prompt="a", model=model, width=1000, height=1000))
    assert can.min_side <= min(quote.width, quote.height)
    assert max(quote.width, quote.height) <= can.max_side
    assert quote.width * quote.height <= can.max_pixels


async def test_references_are_a_list_for_flux_2_and_data_urls_where_they_are_bytes(
    replicate: ReplicateProvider, vendor: Vendor
) -> None:
    await ordered(replicate, references=("https://example.org/a.png", b"\x89PNG", b"\xff\xd8"))
    assert sent(vendor)["input_images"] == [
        "https://example.org/a.png",
        "data:image/png;base64,iVBORw==",
        "data:image/jpeg;base64,/9g=",
    ]


async def test_kontext_takes_one_reference(replicate: ReplicateProvider, vendor: Vendor) -> None:
    asked = ImageRequest(prompt="a", model="flux-kontext-pro", references=("https://a.example/1",))
    await replicate.submit(asked, key="k1")
    assert sent(vendor)["input_image"] == "https://a.example/1"
    with pytest.raises(ImageInvalid, match="at most 1"):
        replicate.validate(replace(asked, references=("https://a.example/1",) * 2))


@pytest.mark.parametrize("site", [REPLICATE, COMETAPI], ids=lambda site: site.name)
async def test_the_replys_own_addresses_are_never_followed(net: NetClient, site: Any) -> None:
    """The order's reply names another host; the polls go to the one that is configured."""
    own, other = Vendor(), Vendor()
    routes = comet_routes if site is COMETAPI else replicate_routes
    async with (
        serving(vendor_app(own, routes(own))) as url,
        serving(vendor_app(other, replicate_routes(other))) as elsewhere,
    ):
        root = f"{url}/replicate" if site is COMETAPI else url
        provider = ReplicateProvider(net, site, key=SecretStr(KEY), base_url=root)
        lured = f"{elsewhere}/v1/predictions/1"
        own.plan(Plan(order={"urls": {"get": lured, "cancel": lured}}))
        handle = await ordered(provider)
        await provider.poll(handle)
        await provider.cancel(handle)
    assert handle.poll_url is None
    assert len(own.ledger.of("poll")) == 1
    assert other.ledger.as_json() == []


async def test_the_key_never_reaches_the_delivery_host(
    replicate: ReplicateProvider, vendor: Vendor, net: NetClient
) -> None:
    status = await answered(replicate, vendor, status="succeeded")
    await safe_fetch(net, str(status.output), trusted_hosts=replicate.trusted_hosts)
    (download,) = vendor.ledger.of("download")
    assert KEY not in repr(download)


@pytest.mark.parametrize(
    "answer, state",
    [
        ({"status": "starting"}, JobState.RUNNING),
        ({"status": "queued"}, JobState.RUNNING),
        ({"status": "processing"}, JobState.RUNNING),
        ({"status": "processing", "output": ["https://a.example/partial"]}, JobState.RUNNING),
        ({"status": "Something New"}, JobState.RUNNING),
        ({"status": None}, JobState.RUNNING),
        ({"status": "SUCCEEDED", "output": "https://a.example/1"}, JobState.SUCCEEDED),
        ({"status": "failed"}, JobState.FAILED),
        ({"status": "canceled"}, JobState.CANCELED),
        ({"status": "aborted"}, JobState.CANCELED),
        ({"status": "succeeded", "output": None, "data_removed": True}, JobState.NOT_FOUND),
        ({"status": "succeeded", "output": [], "data_removed": True}, JobState.NOT_FOUND),
    ],
    ids=str,
)
async def test_a_status_has_its_meaning(
    replicate: ReplicateProvider, vendor: Vendor, answer: dict[str, Any], state: JobState
) -> None:
    assert (await answered(replicate, vendor, **answer)).state is state


@pytest.mark.parametrize("output", ["https://a.example/1", ["https://a.example/1", "x"]], ids=str)
async def test_a_picture_is_a_string_or_the_first_of_a_list(
    replicate: ReplicateProvider, vendor: Vendor, output: object
) -> None:
    status = await answered(replicate, vendor, status="succeeded", output=output)
    assert status.output == "https://a.example/1"


@pytest.mark.parametrize("output", [None, [], [None], "", {}, {"url": "x"}, 5], ids=str)
async def test_success_without_a_picture_is_a_protocol_fault(
    replicate: ReplicateProvider, vendor: Vendor, output: object
) -> None:
    with pytest.raises(ImageProtocol):
        await answered(replicate, vendor, status="succeeded", output=output)


@pytest.mark.parametrize(
    "error",
    [
        "NSFW content detected. Try running it again, or try a different prompt.",
        "All generated images contained NSFW content.",
        "The input or output was flagged as sensitive. Please try again. (E005)",
        "rejected by content policy",
    ],
)
async def test_a_failure_of_the_filter_is_a_refusal(
    replicate: ReplicateProvider, vendor: Vendor, error: str
) -> None:
    status = await answered(replicate, vendor, status="failed", error=error)
    assert status.state is JobState.MODERATED_OUTPUT
    assert (status.raw_status, status.reasons) == (error, (error,))


@pytest.mark.parametrize(
    "error, raw",
    [("'sample'", "'sample'"), (None, "failed"), ({"a": 1}, "failed"), ("", "failed")],
)
async def test_any_other_failure_is_one(
    replicate: ReplicateProvider, vendor: Vendor, error: object, raw: str
) -> None:
    """KeyError 'sample' was seen on up to half of flux-2-pro's jobs (replicate-python #453)."""
    status = await answered(replicate, vendor, status="failed", error=error)
    assert (status.state, status.raw_status) == (JobState.FAILED, raw)


async def test_a_key_in_a_failure_is_cut_out(replicate: ReplicateProvider, vendor: Vendor) -> None:
    status = await answered(replicate, vendor, status="failed", error=f"token {KEY}")
    assert status.raw_status == "token [hidden]"


async def test_the_answer_for_another_job_is_not_taken(
    replicate: ReplicateProvider, vendor: Vendor
) -> None:
    with pytest.raises(ImageProtocol):
        await answered(replicate, vendor, status="succeeded", id="somebody-else")


async def test_an_unknown_status_is_logged_once(
    replicate: ReplicateProvider, vendor: Vendor, everything_logged: pytest.LogCaptureFixture
) -> None:
    vendor.plan(Plan(answers=({"status": "dreaming"},)))
    handle = await ordered(replicate)
    await replicate.poll(handle)
    await replicate.poll(handle)
    assert everything_logged.text.count("dreaming") == 1


@pytest.mark.parametrize(
    "job_id", [None, "", 5, ["x"], "x" * 10_000, "../../etc/x", "..", ".", "a/b", "a?b", "a\n"]
)
async def test_an_order_answered_without_a_usable_id_is_a_protocol_fault(
    replicate: ReplicateProvider, vendor: Vendor, job_id: object
) -> None:
    vendor.plan(Plan(order={"id": job_id}))
    with pytest.raises(ImageProtocol):
        await ordered(replicate)


async def test_a_stored_handle_is_checked_again(replicate: ReplicateProvider) -> None:
    with pytest.raises(ImageProtocol):
        await replicate.poll(JobHandle(provider="replicate", model="m", job_id="../../account"))


async def test_a_404_of_a_poll_is_a_job_not_found_unless_it_is_a_page(
    comet: ReplicateProvider, vendor: Vendor
) -> None:
    handle = await ordered(comet)
    vendor.fail(Fault(on="poll", **says(404, {"detail": "Not found"})))
    assert (await comet.poll(handle)).state is JobState.NOT_FOUND
    vendor.clear()
    vendor.fail(Fault(on="poll", **says(404, text=HTML)))
    with pytest.raises(ImageUnavailable):
        await comet.poll(handle)


def _problem(detail: str) -> dict[str, Any]:
    return {"title": "x", "detail": detail, "status": 1}


@pytest.mark.parametrize(
    "status, body, expected",
    [
        (401, _problem("You did not pass a valid token"), ImageAuth),
        (402, _problem("Insufficient credit"), ImageCredits),
        (422, _problem("- input.width: is wrong"), ImageInvalid),
        (422, _problem("The prompt was flagged (E005)"), ImageModerated),
        (500, _problem("Internal server error"), ImageSubmitUnknown),
    ],
)
async def test_replicates_refusals(
    replicate: ReplicateProvider,
    vendor: Vendor,
    status: int,
    body: dict[str, Any],
    expected: type[ImageError],
) -> None:
    vendor.fail(Fault(on="submit", **says(status, body)))
    with pytest.raises(ImageError) as caught:
        await ordered(replicate)
    assert (type(caught.value), caught.value.raw) == (expected, body["detail"])


def _comet(message: str, code: str) -> dict[str, Any]:
    error = {"message": message, "type": "comet_api_error", "param": "", "code": code}
    return {"error": error}


@pytest.mark.parametrize(
    "status, body, expected",
    [
        (400, _comet("bad", ""), ImageInvalid),
        (401, _comet("invalid token", ""), ImageAuth),
        (403, _comet("no access", ""), ImagePermission),
        (403, _comet("user quota is not enough", "insufficient_user_quota"), ImageCredits),
        (429, _comet("slow", ""), ImageRateLimited),
        (500, _comet("prompt is missing", "invalid_request"), ImageInvalid),
        (500, _comet("upstream", ""), ImageSubmitUnknown),
        (503, _comet("upstream", ""), ImageUnavailable),
    ],
)
async def test_comets_refusals(
    comet: ReplicateProvider,
    vendor: Vendor,
    status: int,
    body: dict[str, Any],
    expected: type[ImageError],
) -> None:
    vendor.fail(Fault(on="submit", **says(status, body)))
    with pytest.raises(ImageError) as caught:
        await ordered(comet)
    assert (type(caught.value), caught.value.raw) == (expected, body["error"]["message"])
    assert len(vendor.ledger.of("submit")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        says(200, text=HTML),
        says(404, text=HTML),
        says(301, text=HTML, headers={"location": "/replicate/"}),
    ],
    ids=["200", "404", "301"],
)
async def test_a_page_of_comets_is_no_answer(
    comet: ReplicateProvider, vendor: Vendor, fault: dict[str, Any]
) -> None:
    vendor.fail(Fault(on="submit", **fault))
    with pytest.raises(ImageProtocol):
        await ordered(comet)
    assert len(vendor.ledger.of("submit")) == 1


async def test_a_base_url_without_the_prefix_is_noticed(vendor: Vendor, net: NetClient) -> None:
    async with serving(vendor_app(vendor, comet_routes(vendor))) as url:
        comet = ReplicateProvider(net, COMETAPI, key=SecretStr(KEY), base_url=url)
        with pytest.raises(ImageProtocol):
            await ordered(comet)


@pytest.mark.parametrize(
    "headers, detail, seconds",
    [
        ({}, "Request was throttled. Your rate limit resets in ~30s.", 30),
        ({"retry-after": "7"}, "Your rate limit resets in ~30s.", 7),
        ({}, "slow down", None),
    ],
)
async def test_a_pause_is_read_out_of_the_words_where_no_header_tells(
    replicate: ReplicateProvider,
    vendor: Vendor,
    headers: dict[str, str],
    detail: str,
    seconds: int | None,
) -> None:
    vendor.fail(Fault(on="submit", **says(429, {"detail": detail}, headers=headers)))
    with pytest.raises(ImageRateLimited) as caught:
        await ordered(replicate)
    assert caught.value.retry_after == (seconds and timedelta(seconds=seconds))


async def test_replicate_stops_a_job(replicate: ReplicateProvider, vendor: Vendor) -> None:
    vendor.plan(Plan(), Plan(answers=({"status": "succeeded"},)))
    running, done = await ordered(replicate), await ordered(replicate)
    await replicate.poll(done)
    assert (await replicate.cancel(running), await replicate.cancel(done)) == (True, False)
    stranger = replace(running, job_id="nobody")
    assert not await replicate.cancel(stranger)


async def test_comet_is_not_asked_to(comet: ReplicateProvider, vendor: Vendor) -> None:
    handle = await ordered(comet)
    asked = len(vendor.ledger.as_json())
    assert not await comet.cancel(handle)
    assert len(vendor.ledger.as_json()) == asked


@pytest.mark.parametrize("site, floor", [(REPLICATE, 0.5), (COMETAPI, 1.0)])
def test_each_place_has_its_floor(net: NetClient, site: Any, floor: float) -> None:
    provider = ReplicateProvider(net, site, key=SecretStr(KEY))
    assert provider.capabilities(provider.default_model).poll_floor == floor
    assert provider.capabilities(provider.default_model).cancel is site.direct
    assert provider.trusted_hosts == frozenset()


HOOK_KEY = b"hook secret of ours"
HOOK_SECRET = SecretStr("whsec_" + base64.b64encode(HOOK_KEY).decode())
NOW = 1_795_000_000
BODY = b'{"id": "j1", "status": "succeeded"}'


def signed(body: bytes = BODY, *, at: int = NOW, key: bytes = HOOK_KEY) -> dict[str, str]:
    digest = hmac.new(key, b"m1." + str(at).encode() + b"." + body, hashlib.sha256).digest()
    return {
        "Webhook-Id": "m1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": "v1,c29tZWJvZHk= v1," + base64.b64encode(digest).decode(),
    }


@pytest.mark.parametrize(
    "headers, body, job",
    [
        (signed(), BODY, "j1"),
        (signed(at=NOW - 299), BODY, "j1"),
        (signed(at=NOW - 301), BODY, None),
        (signed(at=NOW + 301), BODY, None),
        (signed(key=b"another"), BODY, None),
        (signed(), BODY.replace(b"j1", b"j2"), None),
        (signed() | {"Webhook-Id": "m2"}, BODY, None),
        (signed() | {"Webhook-Id": ""}, BODY, None),
        (signed() | {"Webhook-Timestamp": "soon"}, BODY, None),
        (signed() | {"Webhook-Timestamp": "9" * 5000}, BODY, None),
        (signed() | {"Webhook-Signature": ""}, BODY, None),
        (signed() | {"Webhook-Signature": "v1,ümlaut"}, BODY, None),
        (signed(b"[]"), b"[]", None),
        (signed(b"no json"), b"no json", None),
        (signed(b'{"id": 5}'), b'{"id": 5}', None),
        ({}, BODY, None),
    ],
)
async def test_a_webhook_is_believed_only_when_signed_and_fresh(
    net: NetClient, headers: dict[str, str], body: bytes, job: str | None
) -> None:
    provider = ReplicateProvider(
        net, REPLICATE, key=SecretStr(KEY), webhook_secret=HOOK_SECRET, now=lambda: NOW
    )
    assert provider.parse_webhook(headers, body) == job


@pytest.mark.parametrize("site, secret", [(COMETAPI, HOOK_SECRET), (REPLICATE, None)])
async def test_a_webhook_without_a_secret_of_ours_is_never_believed(
    net: NetClient, site: Any, secret: SecretStr | None
) -> None:
    provider = ReplicateProvider(
        net, site, key=SecretStr(KEY), webhook_secret=secret, now=lambda: NOW
    )
    assert provider.parse_webhook(signed(), BODY) is None


async def test_a_secret_that_is_none_believes_nobody(net: NetClient) -> None:
    provider = ReplicateProvider(
        net, REPLICATE, key=SecretStr(KEY), webhook_secret=SecretStr("whsec_!"), now=lambda: NOW
    )
    assert provider.parse_webhook(signed(), BODY) is None


@pytest.mark.parametrize("site, ordered_with_it", [(REPLICATE, True), (COMETAPI, False)])
async def test_a_webhook_is_ordered_only_where_it_can_be_checked(
    net: NetClient, vendor: Vendor, site: Any, ordered_with_it: bool
) -> None:
    routes = comet_routes(vendor) if site is COMETAPI else replicate_routes(vendor)
    async with serving(vendor_app(vendor, routes)) as url:
        provider = ReplicateProvider(
            net,
            site,
            key=SecretStr(KEY),
            base_url=f"{url}/replicate" if site is COMETAPI else url,
            webhook_url="https://bot.example/hook",
            webhook_secret=HOOK_SECRET,
        )
        await ordered(provider)
    (order,) = vendor.ledger.of("submit")
    assert ("webhook" in order.detail["body"]) is ordered_with_it
