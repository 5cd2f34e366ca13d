"""Doitong's orders as seed 001 describes them: dialects, errors, limits, webhooks."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
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
    SettingsInvalid,
)
from app.net.client import NetClient
from app.orders import Cost, ImageRequest, JobHandle, JobState, JobStatus
from app.providers.doitong import DoitongProvider
from app.providers.doitong.orders import STATUS_QUERY, Dialect
from app.settings import Settings, load_settings
from tests.fakes.misbehaviour import says
from tests.fakes.rigs import DIALECTS, doitong_of
from tests.fakes.vendor import KEY, Fault, Plan, Vendor
from tests.fakes.vendor_doitong import graphql_error as error

HOOK = "https://bot.example/hook"


@pytest.fixture
async def doitong(vendor: Vendor, net: NetClient) -> AsyncIterator[DoitongProvider]:
    async with doitong_of(vendor, net) as provider:
        yield provider


def bodies(vendor: Vendor) -> list[dict[str, Any]]:
    return [entry.detail["body"] for entry in vendor.ledger.of("submit")]


def names(vendor: Vendor) -> list[str]:
    """The idempotency keys of all orders."""
    return [entry.detail["headers"]["idempotency-key"] for entry in vendor.ledger.of("submit")]


async def answered(doitong: DoitongProvider, **fields: Any) -> JobHandle | JobStatus:
    return await doitong.submit(ImageRequest(prompt="a sensor", **fields), key="image-1")


async def ordered(doitong: DoitongProvider, **fields: Any) -> JobHandle:
    handle = await answered(doitong, **fields)
    assert isinstance(handle, JobHandle)
    return handle


async def test_the_canonical_order_is_the_pages_main_example(
    doitong: DoitongProvider, vendor: Vendor
) -> None:
    await ordered(doitong, model="flux-pro-1.1", width=1080, height=1350)
    (body,) = bodies(vendor)
    assert body["variables"]["input"] == {
        "type": "IMAGE",
        "provider": "flux-pro",
        "input": {"text": "a sensor"},
        "options": {"width": 1088, "height": 1376, "version": "flux-pro-1.1"},
    }


@pytest.mark.parametrize("dialect", ["generateImage", "rest"])
async def test_the_other_dialects_send_the_tables_fields(
    vendor: Vendor, net: NetClient, dialect: Dialect
) -> None:
    hook: dict[str, Any] = {"webhook_url": HOOK, "webhook_secret": SecretStr("s3cret")}
    async with doitong_of(vendor, net, dialect=dialect, **hook) as doitong:
        await ordered(doitong, model="flux-pro-1.1")
    (body,) = bodies(vendor)
    assert body.get("variables", {"input": body})["input"] == {
        "service": "flux-pro",
        "prompt": "a sensor",
        "width": 1024,
        "height": 1024,
        "version": "flux-pro-1.1",
        "webhookUrl": HOOK,
    }


async def test_the_rest_door_has_its_own_header_and_no_bearer(
    vendor: Vendor, net: NetClient
) -> None:
    async with doitong_of(vendor, net, dialect="rest") as doitong:
        await ordered(doitong)
    (order,) = vendor.ledger.of("submit")
    assert order.detail["path"] == "/v1/text_to_image"
    assert "authorization" not in order.detail["headers"]


async def test_a_vendor_without_generate_is_spoken_to_in_the_other_dialect(
    vendor: Vendor, net: NetClient, everything_logged: pytest.LogCaptureFixture
) -> None:
    async with doitong_of(vendor, net, mutations=("generateImage",)) as doitong:
        await ordered(doitong)
        await ordered(doitong, seed=1)
    queries = [body["query"].split("(")[0] for body in bodies(vendor)]
    assert queries == ["mutation Generate", "mutation GenerateImage", "mutation GenerateImage"]
    assert len(vendor.ledger.of("charge")) == 2
    assert len(set(names(vendor))) == 3
    assert everything_logged.text.count("DOITONG_DIALECT") == 1


@pytest.mark.parametrize(
    "message, code",
    [
        ('Cannot query field "generate" on type "Mutation".', "GRAPHQL_VALIDATION_FAILED"),
        ('Cannot query field "generate" on type "Mutation".', None),
        ('Unknown type "GenerateInput". Did you mean "ImageGenerationInput"?', None),
        ('Field "type" is not defined by type "GenerateInput".', "BAD_USER_INPUT"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
async def test_the_dialect_changes_when_the_schema_says_so(
    doitong: DoitongProvider, vendor: Vendor, message: str, code: str | None, status: int
) -> None:
    vendor.fail(Fault(on="submit", **says(status, error(message, code))))
    await ordered(doitong)
    assert len(bodies(vendor)) == 2


@pytest.mark.parametrize(
    "body, expected",
    [
        (error("Could not generate: provider is down"), ImageSubmitUnknown),
        (error("Failed to generate image", "INTERNAL_SERVER_ERROR"), ImageSubmitUnknown),
        (error("generate refused the prompt", "BAD_USER_INPUT"), ImageInvalid),
        (error('Cannot query field "metadata" on type "Result".'), ImageInvalid),
        (
            {"data": {"generate": None}, **error('Cannot query field "generate" on type "M".')},
            ImageSubmitUnknown,
        ),
    ],
)
async def test_the_dialect_stays_when_something_may_have_been_run(
    doitong: DoitongProvider, vendor: Vendor, body: object, expected: type[ImageError]
) -> None:
    vendor.fail(Fault(on="submit", nth=None, **says(200, body)))
    with pytest.raises(expected):
        await answered(doitong)
    assert {one["query"].split("(")[0] for one in bodies(vendor)} == {"mutation Generate"}
    assert len(set(names(vendor))) == 1


async def test_the_other_dialect_never_changes(vendor: Vendor, net: NetClient) -> None:
    async with doitong_of(
        vendor, net, mutations=("generate",), dialect="generateImage"
    ) as doitong:
        with pytest.raises(ImageInvalid, match="generateImage"):
            await answered(doitong)
    assert len(bodies(vendor)) == 1


@pytest.mark.parametrize(
    "code, expected",
    [
        ("INSUFFICIENT_CREDITS", ImageCredits),
        ("PAYMENT_REQUIRED", ImageCredits),
        ("UNAUTHENTICATED", ImageAuth),
        ("FORBIDDEN", ImagePermission),
        ("RATE_LIMITED", ImageRateLimited),
        ("TOO_MANY_REQUESTS", ImageRateLimited),
        ("BAD_USER_INPUT", ImageInvalid),
        ("bad_request", ImageInvalid),
        ("CONTENT_MODERATED", ImageModerated),
        ("SERVICE_UNAVAILABLE", ImageUnavailable),
        ("INTERNAL_SERVER_ERROR", ImageSubmitUnknown),
        ("SOMETHING_NEW", ImageSubmitUnknown),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_errors_code_counts_although_the_status_is_200(
    vendor: Vendor, net: NetClient, dialect: Dialect, code: str, expected: type[ImageError]
) -> None:
    body = {"data": {"generate": None}, **error("no", code)}
    vendor.fail(Fault(on="submit", nth=None, **says(200, body)))
    async with doitong_of(vendor, net, dialect=dialect) as doitong:
        with pytest.raises(ImageError) as caught:
            await answered(doitong)
    assert type(caught.value) is expected


async def test_an_errors_code_counts_more_than_the_status(
    doitong: DoitongProvider, vendor: Vendor
) -> None:
    body = error(
        "Insufficient credits for this operation",
        "INSUFFICIENT_CREDITS",
        creditsRequired=100,
        creditsAvailable=50,
    )
    vendor.fail(Fault(on="submit", **says(500, body)))
    with pytest.raises(ImageCredits) as caught:
        await answered(doitong)
    assert caught.value.raw == "Insufficient credits for this operation (100 needed, 50 left)"


@pytest.mark.parametrize(
    "body, expected",
    [
        (error("Insufficient credits for this operation"), ImageCredits),
        (error("Rate limit exceeded"), ImageRateLimited),
        (error("Unauthorized"), ImageAuth),
        ({"errors": ["Invalid API key"]}, ImageAuth),
        (error("Prompt violates our content policy"), ImageModerated),
        ({"errors": [None]}, ImageSubmitUnknown),
        ({"errors": [{"message": 5, "extensions": 7}]}, ImageSubmitUnknown),
    ],
)
async def test_an_error_without_a_code_is_read_by_its_words(
    doitong: DoitongProvider, vendor: Vendor, body: object, expected: type[ImageError]
) -> None:
    vendor.fail(Fault(on="submit", nth=None, **says(200, body)))
    with pytest.raises(ImageError) as caught:
        await answered(doitong)
    assert type(caught.value) is expected


@pytest.mark.parametrize("code", [None, "INTERNAL_SERVER_ERROR"])
async def test_a_job_that_was_made_is_kept_beside_an_error_that_says_nothing_definite(
    doitong: DoitongProvider, vendor: Vendor, code: str | None
) -> None:
    body = {"data": {"generate": {"id": "j1", "status": "processing"}}, **error("meta", code)}
    vendor.fail(Fault(on="submit", **says(200, body)))
    assert (await ordered(doitong)).job_id == "j1"


async def test_a_definite_error_counts_more_than_the_data(
    doitong: DoitongProvider, vendor: Vendor
) -> None:
    body = {"data": {"generate": {"id": "j1"}}, **error("no", "INSUFFICIENT_CREDITS")}
    vendor.fail(Fault(on="submit", **says(200, body)))
    with pytest.raises(ImageCredits):
        await answered(doitong)


async def test_no_errors_are_none(doitong: DoitongProvider, vendor: Vendor) -> None:
    body = {"data": {"generate": {"id": "j1"}}, "errors": []}
    vendor.fail(Fault(on="submit", **says(200, body)))
    assert (await ordered(doitong)).job_id == "j1"


@pytest.mark.parametrize(
    "headers, low, high",
    [
        ({"retry-after": "7", "x-ratelimit-reset": "99"}, 7, 7),
        ({"x-ratelimit-reset": "12"}, 12, 12),
        ({"x-ratelimit-reset": "1e300"}, 3600, 3600),
        ({"x-ratelimit-reset": "-5"}, 0, 0),
    ],
    ids=str,
)
async def test_a_pause_is_read_from_whichever_header_there_is(
    doitong: DoitongProvider, vendor: Vendor, headers: dict[str, str], low: float, high: float
) -> None:
    vendor.fail(Fault(on="submit", **says(429, error("slow"), headers=headers)))
    with pytest.raises(ImageRateLimited) as caught:
        await answered(doitong)
    assert caught.value.retry_after is not None
    assert low <= caught.value.retry_after.total_seconds() <= high


@pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
async def test_a_pause_may_be_told_as_an_instant(
    doitong: DoitongProvider, vendor: Vendor, unit: int
) -> None:
    headers = {"x-ratelimit-reset": str((time.time() + 600) * unit)}
    vendor.fail(Fault(on="submit", **says(429, error("slow"), headers=headers)))
    with pytest.raises(ImageRateLimited) as caught:
        await answered(doitong)
    assert caught.value.retry_after is not None
    assert 400 <= caught.value.retry_after.total_seconds() <= 601


@pytest.mark.parametrize("told", ["soon", "nan", ""])
async def test_an_unreadable_reset_is_no_pause(
    doitong: DoitongProvider, vendor: Vendor, told: str
) -> None:
    headers = {"x-ratelimit-reset": told}
    vendor.fail(Fault(on="submit", **says(429, error("slow"), headers=headers)))
    with pytest.raises(ImageRateLimited) as caught:
        await answered(doitong)
    assert caught.value.retry_after is None


@pytest.mark.parametrize("name", ["generate", "generateImage", "generateimage"])
async def test_the_reply_is_found_under_each_name_the_page_gives_it(
    doitong: DoitongProvider, vendor: Vendor, name: str
) -> None:
    body = {"data": {"other": {"id": "no"}, name: {"id": "j1", "status": "processing"}}}
    vendor.fail(Fault(on="submit", **says(200, body)))
    assert (await ordered(doitong)).job_id == "j1"


@pytest.mark.parametrize(
    "body",
    [
        {"id": "j1", "status": "processing"},
        {"data": {"id": "j1"}},
        {"data": {"text_to_image": {"id": "j1", "url": None}}},
    ],
    ids=str,
)
async def test_a_rest_reply_is_read_bare_and_in_an_envelope(
    vendor: Vendor, net: NetClient, body: object
) -> None:
    vendor.fail(Fault(on="submit", **says(200, body)))
    async with doitong_of(vendor, net, dialect="rest") as doitong:
        assert (await ordered(doitong)).job_id == "j1"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_reply_with_a_url_is_the_end(
    vendor: Vendor, net: NetClient, dialect: Dialect
) -> None:
    url = "https://cdn.doitong.com/outputs/abc123xyz.jpg"
    vendor.plan(Plan(order={"url": url, "creditCost": 20}))
    async with doitong_of(vendor, net, dialect=dialect) as doitong:
        status = await answered(doitong)
    assert isinstance(status, JobStatus)
    assert (status.state, status.output) == (JobState.SUCCEEDED, url)
    assert status.cost == Cost(amount=20, unit="doitong_credit", usd=None, basis="reported")


@pytest.mark.parametrize("word", ["failed", "CANCELLED", "moderated"])
async def test_an_order_that_ends_at_once_without_a_picture_is_told_so(
    doitong: DoitongProvider, vendor: Vendor, word: str
) -> None:
    vendor.plan(Plan(order={"status": word, "url": "https://cdn.doitong.com/broken.jpg"}))
    status = await answered(doitong)
    assert isinstance(status, JobStatus)
    assert status.state is not JobState.SUCCEEDED
    assert status.output is None


async def test_an_order_completed_without_a_url_is_polled(
    doitong: DoitongProvider, vendor: Vendor
) -> None:
    vendor.plan(Plan(order={"status": "completed"}, answers=({"status": "Ready"},)))
    assert (await doitong.poll(await ordered(doitong))).state is JobState.SUCCEEDED


@pytest.mark.parametrize("job_id", [None, "", ["x"], "x" * 10_000, True])
async def test_an_order_answered_without_a_usable_id_is_a_protocol_fault(
    doitong: DoitongProvider, vendor: Vendor, job_id: object
) -> None:
    vendor.plan(Plan(order={"id": job_id}))
    with pytest.raises(ImageProtocol):
        await answered(doitong)


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, {"data": {"other": {}}}])
async def test_an_order_answered_without_a_job_is_a_protocol_fault(
    doitong: DoitongProvider, vendor: Vendor, body: object
) -> None:
    vendor.fail(Fault(on="submit", **says(200, body)))
    with pytest.raises(ImageProtocol):
        await answered(doitong)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_lost_answer_is_asked_for_again_under_the_same_key_and_paid_once(
    vendor: Vendor, net: NetClient, dialect: Dialect
) -> None:
    vendor.fail(Fault(on="submit", do="reset", accepted=True))
    async with doitong_of(vendor, net, dialect=dialect) as doitong:
        handle = await ordered(doitong)
    (charge,) = vendor.ledger.of("charge")
    assert handle.job_id == charge.job
    assert len(set(names(vendor))) == 1


def test_sizes_are_steps_of_32_up_to_2048(doitong: DoitongProvider) -> None:
    quote = doitong.validate(ImageRequest(prompt="a", width=1080, height=630))
    assert (quote.width, quote.height) == (1088, 640)
    with pytest.raises(ImageInvalid, match="2048 a side"):
        doitong.validate(ImageRequest(prompt="a", width=2049, height=630))


def test_what_the_vendor_cannot_do_is_said(doitong: DoitongProvider) -> None:
    quote = doitong.validate(
        ImageRequest(prompt="a", seed=1, safety_tolerance=2, prompt_upsampling=True)
    )
    assert len(quote.warnings) == 4
    with pytest.raises(ImageInvalid, match="no reference"):
        doitong.validate(ImageRequest(prompt="a", references=(b"x",)))


async def test_it_paints_one_at_a_time_and_is_asked_every_two_seconds(
    doitong: DoitongProvider,
) -> None:
    capabilities = doitong.capabilities("flux-pro")
    assert (capabilities.concurrency, capabilities.poll_floor) == (1, 2.0)
    handle = JobHandle(provider="doitong", model="flux-pro", job_id="1")
    assert (await doitong.credits(), await doitong.cancel(handle)) == (None, False)


def _signed(secret: str, body: bytes) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Doitong-Signature": f"sha256={digest}"}


@pytest.mark.parametrize(
    "secret, body, job",
    [
        ("s3cret", b'{"id": "j1", "status": "completed"}', "j1"),
        ("wrong", b'{"id": "j1"}', None),
        ("s3cret", b"[]", None),
        ("s3cret", b"no json", None),
        ("s3cret", b'{"id": 5}', None),
    ],
)
async def test_a_webhook_is_believed_only_with_the_right_signature(
    net: NetClient, secret: str, body: bytes, job: str | None
) -> None:
    doitong = DoitongProvider(net, key=SecretStr(KEY), webhook_secret=SecretStr("s3cret"))
    assert doitong.parse_webhook(_signed(secret, body), body) == job


async def test_without_a_secret_no_webhook_is_believed(net: NetClient) -> None:
    doitong = DoitongProvider(net, key=SecretStr(KEY))
    body = b'{"id": "j1"}'
    assert doitong.parse_webhook(_signed("", body), body) is None


def _settings(folder: Path, line: str) -> Settings:
    (folder / ".env").write_text(line, "utf-8")
    return load_settings(folder / ".env")


@pytest.mark.parametrize("query", [STATUS_QUERY, "/v1/jobs/{id}?full=1"])
def test_a_status_query_is_read_as_it_is_written(tmp_path: Path, query: str) -> None:
    assert _settings(tmp_path, f"DOITONG_STATUS_QUERY={query}").doitong_status_query == query


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("DOITONG_STATUS_QUERY={ jobs { id } }", "DOITONG_STATUS_QUERY must be a GraphQL query"),
        ("DOITONG_STATUS_QUERY=/v1/jobs", "DOITONG_STATUS_QUERY must be a GraphQL query"),
        ("DOITONG_STATUS_QUERY=v1/jobs/{id}", "DOITONG_STATUS_QUERY must be a GraphQL query"),
        (
            "DOITONG_DIALECT=soap",
            "DOITONG_DIALECT should be 'generate', 'generateImage' or 'rest'",
        ),
        ("DOITONG_BASE_URL=api.doitong.com", "DOITONG_BASE_URL must begin with https"),
        ("APIFRAME_BASE_URL=ftp://x", "APIFRAME_BASE_URL must begin with https"),
    ],
)
def test_a_wrong_setting_is_named_at_the_start(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(SettingsInvalid, match=re.escape(sentence)):
        _settings(tmp_path, line)
