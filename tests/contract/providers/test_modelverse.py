"""ModelVerse as seed 002 and its documents describe it: one POST, the picture inside."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from app.errors import (
    ImageAuth,
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImageModerated,
    ImageOutputModerated,
    ImagePermission,
    ImageProtocol,
    ImageRateLimited,
    ImageSubmitUnknown,
    ImageUnavailable,
)
from app.net.client import NetClient
from app.orders import ImageRequest, JobHandle, JobState, JobStatus
from app.providers.modelverse import ModelVerseProvider
from app.providers.modelverse.provider import VENDOR_URLS
from tests.fakes.misbehaviour import says
from tests.fakes.vendor import KEY, Fault, Plan, Vendor, serving, vendor_app
from tests.fakes.vendor_modelverse import modelverse_routes

PNG = b"\x89PNG\r\n\x1a\n and the rest"
PNG64 = base64.b64encode(PNG).decode()


@pytest.fixture
async def modelverse(vendor: Vendor, net: NetClient) -> AsyncIterator[ModelVerseProvider]:
    async with serving(vendor_app(vendor, modelverse_routes(vendor))) as url:
        yield ModelVerseProvider(net, key=SecretStr(KEY), base_url=url, max_reply=1024 * 1024)


async def ordered(modelverse: ModelVerseProvider, **fields: Any) -> JobStatus:
    return await modelverse.submit(ImageRequest(prompt="a sensor", **fields), key="k1")


def sent(vendor: Vendor) -> dict[str, Any]:
    (entry,) = vendor.ledger.of("submit")
    body: dict[str, Any] = entry.detail["body"]
    return body


async def test_the_smallest_order_is_the_seeds_own_and_its_format(
    modelverse: ModelVerseProvider, vendor: Vendor
) -> None:
    await ordered(modelverse)
    expected = {"prompt": "a sensor", "width": 1024, "height": 1024, "output_format": "png"}
    assert sent(vendor) == expected


async def test_sides_are_multiples_of_32(modelverse: ModelVerseProvider, vendor: Vendor) -> None:
    status = await ordered(modelverse, width=1080, height=1350)
    assert (sent(vendor)["width"], sent(vendor)["height"]) == (1088, 1376)
    assert isinstance(status.output, bytes)
    assert Image.open(io.BytesIO(status.output)).size == (1088, 1376)


async def test_webp_is_painted_as_png_and_said_so(
    modelverse: ModelVerseProvider, vendor: Vendor
) -> None:
    asked = ImageRequest(prompt="a sensor", output_format="webp")
    assert modelverse.validate(asked).warnings == ("painted as png and converted to webp",)
    await modelverse.submit(asked, key="k1")
    assert sent(vendor)["output_format"] == "png"


async def test_the_tolerance_is_a_number_and_only_sent_when_asked(
    modelverse: ModelVerseProvider, vendor: Vendor
) -> None:
    await ordered(modelverse, safety_tolerance=0)
    assert sent(vendor)["safety_tolerance"] == 0
    with pytest.raises(ImageInvalid, match="from 0 to 5"):
        await ordered(modelverse, safety_tolerance=6)


async def test_references_go_as_bare_base64(
    modelverse: ModelVerseProvider, vendor: Vendor
) -> None:
    await ordered(modelverse, references=(b"one", "data:image/png;base64,dHdv"))
    assert (sent(vendor)["input_image"], sent(vendor)["input_image_2"]) == ("b25l", "dHdv")


@pytest.mark.parametrize("picture", ["https://example.org/a.png", "", "data:text/html,x"])
async def test_a_reference_by_its_address_is_refused(
    modelverse: ModelVerseProvider, vendor: Vendor, picture: str
) -> None:
    with pytest.raises(ImageInvalid, match="as data only"):
        await ordered(modelverse, references=(picture,))
    assert vendor.ledger.of("submit") == []


async def test_flux_1_has_its_own_fields(modelverse: ModelVerseProvider, vendor: Vendor) -> None:
    await ordered(modelverse, model="flux-pro-1.1", prompt_upsampling=True, references=(b"one",))
    assert sent(vendor)["prompt_upsampling"] is True
    assert sent(vendor)["image_prompt"] == "b25l"


async def test_kontext_takes_a_proportion(modelverse: ModelVerseProvider, vendor: Vendor) -> None:
    await ordered(modelverse, model="flux-kontext-pro", width=1080, height=1350)
    assert sent(vendor)["aspect_ratio"] == "4:5"
    assert "width" not in sent(vendor)


def test_kontext_says_when_it_must_be_enlarged_and_knows_its_proportions(
    modelverse: ModelVerseProvider,
) -> None:
    asked = ImageRequest(prompt="a", model="flux-kontext-pro", width=1440, height=1440)
    assert modelverse.validate(asked).warnings == ("painted at about 1024 x 1024 and enlarged",)
    with pytest.raises(ImageInvalid, match="21:9"):
        modelverse.validate(
            ImageRequest(prompt="a", model="flux-kontext-pro", width=300, height=9)
        )


def test_upsampling_flux_2_does_not_have_is_a_warning(modelverse: ModelVerseProvider) -> None:
    quote = modelverse.validate(ImageRequest(prompt="a", prompt_upsampling=True))
    assert quote.warnings == ("this model has no prompt upsampling",)


@pytest.mark.parametrize(
    "entry, output",
    [
        ({"b64_json": PNG64}, PNG),
        ({"b64_json": f"data:image/png;base64,{PNG64}"}, PNG),
        ({"b64_json": f"{PNG64[:8]}\n{PNG64[8:]}\n"}, PNG),
        ({"b64_json": None, "url": "https://cdn.example/1.png"}, "https://cdn.example/1.png"),
        ({"b64_json": PNG64, "url": "https://cdn.example/1.png"}, PNG),
    ],
    ids=["bare", "data URL", "wrapped", "url", "both"],
)
async def test_the_picture_is_found_in_every_shape(
    modelverse: ModelVerseProvider, vendor: Vendor, entry: dict[str, Any], output: object
) -> None:
    vendor.plan(Plan(order={"data": [entry], "createed": None, "created": 1}))
    status = await ordered(modelverse, seed=7)
    assert (status.state, status.output, status.seed) == (JobState.SUCCEEDED, output, 7)


@pytest.mark.parametrize(
    "data",
    [
        [{"b64_json": "!!!"}],
        [{"b64_json": PNG64[:-3]}],
        [{"b64_json": "data:image/png;base64,"}],
        [{"b64_json": 5}],
        [{}],
        [],
        {},
        "x",
        [None],
        None,
    ],
    ids=str,
)
async def test_a_broken_or_missing_picture_is_a_protocol_fault(
    modelverse: ModelVerseProvider, vendor: Vendor, data: object
) -> None:
    vendor.plan(Plan(order={"data": data}))
    with pytest.raises(ImageProtocol):
        await ordered(modelverse)
    assert len(vendor.ledger.of("submit")) == 1


async def test_an_answer_over_the_cap_is_not_read_to_its_end(
    modelverse: ModelVerseProvider, vendor: Vendor
) -> None:
    vendor.plan(Plan(order={"data": [{"b64_json": "A" * 2_000_000}]}))
    with pytest.raises(ImageProtocol, match="more than 1048576 bytes"):
        await ordered(modelverse)


ERRORS: list[tuple[int, str, str, type[ImageError]]] = [
    (400, "param_error", "Invalid param", ImageInvalid),
    (400, "param_error", "Sensitive check", ImageModerated),
    (400, "tokens_too_long", "Prompt tokens too long", ImageInvalid),
    (400, "sensitive_check_error", "Sensitive check error", ImageModerated),
    (400, "invalid_messages", "Sensitive chat messages", ImageModerated),
    (400, "model_error", "No permission to use the model", ImagePermission),
    (400, "something_new", "Request Moderated", ImageModerated),
    (400, "something_new", "Content Moderated", ImageOutputModerated),
    (401, "auth_error", "Validate Certification failed", ImageAuth),
    (403, "forbidden", "api key quota exceeded", ImageCredits),
    (403, "forbidden", "ip not in whitelist", ImagePermission),
    (408, "timeout", "Request timeout", ImageSubmitUnknown),
    (429, "rate_limit", "Rate limit exceeded", ImageRateLimited),
    (500, "internal_error", "Internal Server Error", ImageUnavailable),
    (500, "model_server_error", "Request llm server Error", ImageUnavailable),
    (500, "something_new", "?", ImageSubmitUnknown),
    (504, "gateway_timeout_error", "Gateway timeout", ImageSubmitUnknown),
]


@pytest.mark.parametrize(
    "status, code, message, expected", ERRORS, ids=lambda value: getattr(value, "__name__", value)
)
async def test_a_documented_error_has_its_meaning(
    modelverse: ModelVerseProvider,
    vendor: Vendor,
    status: int,
    code: str,
    message: str,
    expected: type[ImageError],
) -> None:
    error = {
        "message": message,
        "type": "invalid_request_error",
        "param": "req-9",
        "code": code,
    }
    vendor.fail(Fault(on="submit", **says(status, {"error": error})))
    with pytest.raises(ImageError) as caught:
        await ordered(modelverse)
    assert type(caught.value) is expected
    assert (caught.value.raw, caught.value.request_id) == (message, "req-9")


@pytest.mark.parametrize(
    "status, expected",
    [("Request Moderated", ImageModerated), ("Content Moderated", ImageOutputModerated)],
)
async def test_a_refusal_inside_of_an_answer_is_found(
    modelverse: ModelVerseProvider, vendor: Vendor, status: str, expected: type[ImageError]
) -> None:
    vendor.fail(Fault(on="submit", **says(200, {"message": status})))
    with pytest.raises(ImageError) as caught:
        await ordered(modelverse)
    assert (type(caught.value), caught.value.raw) == (expected, status)


async def test_a_painter_that_is_silent_for_minutes_is_waited_for() -> None:
    """The client's usual patience is 30 s without a byte; a synchronous order needs all of its."""
    seen: list[dict[str, float]] = []

    async def body() -> AsyncIterator[bytes]:
        yield json.dumps({"data": [{"b64_json": PNG64}]}).encode()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, content=body())

    async with NetClient(transport=httpx.MockTransport(answer)) as net:
        await ordered(ModelVerseProvider(net, key=SecretStr(KEY)))
    assert seen[0]["read"] >= 180
    assert seen[0]["connect"] <= 10


@pytest.mark.parametrize("url", VENDOR_URLS)
async def test_the_vendors_own_hosts_are_no_reason_to_trust_a_result(
    net: NetClient, url: str
) -> None:
    assert ModelVerseProvider(net, key=SecretStr(KEY), base_url=url).trusted_hosts == frozenset()


async def test_there_is_nothing_to_cancel_and_nothing_counted(
    modelverse: ModelVerseProvider,
) -> None:
    job = JobHandle(provider="modelverse", model="flux-2-pro", job_id="1")
    assert (await modelverse.cancel(job), await modelverse.credits()) == (False, None)
