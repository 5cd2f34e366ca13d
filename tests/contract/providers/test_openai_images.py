"""An OpenAI-compatible server of one's own: where it is, what it is asked, how it answers."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from app.errors import (
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImageModerated,
    ImageProtocol,
    ImageRateLimited,
    ImageSubmitUnknown,
)
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.orders import ImageRequest, JobHandle, JobState, JobStatus
from app.providers.openai_images import OpenAiImagesProvider, build
from app.settings import Settings
from tests.fakes.misbehaviour import says
from tests.fakes.vendor import KEY, Fault, Plan, Vendor, serving, vendor_app
from tests.fakes.vendor_openai import openai_routes

PICTURE = base64.b64encode(b"\xff\xd8\xff a jpeg").decode()
NO_FORMAT = says(400, {"error": {"message": "Unknown parameter: 'response_format'."}})


@pytest.fixture
async def url(vendor: Vendor) -> AsyncIterator[str]:
    async with serving(vendor_app(vendor, openai_routes(vendor))) as address:
        yield address


@pytest.fixture
async def server(url: str, net: NetClient) -> OpenAiImagesProvider:
    return OpenAiImagesProvider(net, key=SecretStr(KEY), base_url=url)


async def ordered(server: OpenAiImagesProvider, **fields: Any) -> JobStatus:
    return await server.submit(ImageRequest(prompt="a sensor", **fields), key="k1")


def bodies(vendor: Vendor) -> list[dict[str, Any]]:
    return [entry.detail["body"] for entry in vendor.ledger.of("submit")]


async def test_an_order_is_one_picture_of_the_next_size_up(
    server: OpenAiImagesProvider, vendor: Vendor
) -> None:
    await ordered(server, width=1080, height=1350)
    assert bodies(vendor) == [
        {
            "model": "flux",
            "prompt": "a sensor",
            "n": 1,
            "size": "1088x1360",
            "response_format": "b64_json",
        }
    ]


async def test_the_seed_goes_along_only_when_asked(
    server: OpenAiImagesProvider, vendor: Vendor
) -> None:
    await ordered(server, seed=7)
    assert bodies(vendor)[0]["seed"] == 7


async def test_a_server_without_a_key_is_sent_none(
    vendor: Vendor, url: str, net: NetClient
) -> None:
    vendor.key = ""
    await ordered(OpenAiImagesProvider(net, base_url=url))
    (order,) = vendor.ledger.of("submit")
    assert "authorization" not in order.detail["headers"]


@pytest.mark.parametrize(
    "tail, path",
    [
        ("", "/v1/images/generations"),
        ("/", "/v1/images/generations"),
        ("/v1", "/v1/images/generations"),
        ("/v1/", "/v1/images/generations"),
        ("/v1/openai", "/v1/openai/images/generations"),
    ],
)
async def test_the_base_url_may_end_as_in_openais_own_clients(
    vendor: Vendor, url: str, net: NetClient, tail: str, path: str
) -> None:
    await ordered(OpenAiImagesProvider(net, key=SecretStr(KEY), base_url=url + tail))
    (order,) = vendor.ledger.of("submit")
    assert order.detail["path"] == path


async def test_a_server_that_knows_no_response_format_is_asked_without_it(
    server: OpenAiImagesProvider, vendor: Vendor, net: NetClient
) -> None:
    vendor.fail(Fault(on="submit", **NO_FORMAT))
    status = await ordered(server)
    assert ["response_format" in body for body in bodies(vendor)] == [True, False]
    assert len(vendor.ledger.of("charge")) == 1
    assert isinstance(status.output, str)
    data = await safe_fetch(net, status.output, trusted_hosts=server.trusted_hosts)
    assert data.startswith(b"\x89PNG")
    (download,) = vendor.ledger.of("download")
    assert KEY not in repr(download)


async def test_that_is_done_once_and_for_that_key_only(
    server: OpenAiImagesProvider, vendor: Vendor
) -> None:
    vendor.fail(Fault(on="submit", nth=None, **NO_FORMAT))
    with pytest.raises(ImageInvalid):
        await ordered(server)
    vendor.clear()
    vendor.fail(Fault(on="submit", **says(400, {"detail": "bad size"})))
    with pytest.raises(ImageInvalid):
        await ordered(server)
    assert len(vendor.ledger.of("submit")) == 3


@pytest.mark.parametrize("text", [PICTURE, f"data:image/jpeg;base64,{PICTURE}"])
async def test_base64_is_taken_with_and_without_its_prefix(
    server: OpenAiImagesProvider, vendor: Vendor, text: str
) -> None:
    vendor.plan(Plan(order={"data": [{"b64_json": text}]}))
    assert (await ordered(server)).output == b"\xff\xd8\xff a jpeg"


@pytest.mark.parametrize(
    "given, fetched",
    [
        ("https://cdn.example/a.png", "https://cdn.example/a.png"),
        ("/v1/images/a/content", "{url}/v1/images/a/content"),
        ("//evil.example/a.png", "http://evil.example/a.png"),
    ],
)
async def test_a_relative_address_is_on_the_server(
    server: OpenAiImagesProvider, vendor: Vendor, url: str, given: str, fetched: str
) -> None:
    """One that leads elsewhere is judged where pictures are fetched: it is not trusted."""
    vendor.plan(Plan(order={"data": [{"url": given}]}))
    assert (await ordered(server)).output == fetched.format(url=url)
    assert server.trusted_hosts == {url.removeprefix("http://")}


@pytest.mark.parametrize("data", [[{"b64_json": "!"}], [{}], [], None, [{"url": "a\nb"}]])
async def test_a_broken_or_missing_picture_is_a_protocol_fault(
    server: OpenAiImagesProvider, vendor: Vendor, data: object
) -> None:
    vendor.plan(Plan(order={"data": data}))
    with pytest.raises(ImageProtocol):
        await ordered(server)
    assert len(vendor.ledger.of("submit")) == 1


@pytest.mark.parametrize(
    "status, body, expected, raw",
    [
        (400, {"detail": "odd size"}, ImageInvalid, "odd size"),
        (
            422,
            {"detail": [{"loc": ["body", "size"], "msg": "odd", "type": "t"}]},
            ImageInvalid,
            "body.size: odd",
        ),
        (
            400,
            {"error": {"message": "no", "code": "content_policy_violation"}},
            ImageModerated,
            "no",
        ),
        (400, {"error": {"message": "no", "code": "moderation_blocked"}}, ImageModerated, "no"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, ImageCredits, "pay"),
        (
            400,
            {"error": {"message": "pay", "code": "billing_hard_limit_reached"}},
            ImageCredits,
            "pay",
        ),
        (
            429,
            {"error": {"message": "slow", "code": "rate_limit_exceeded"}},
            ImageRateLimited,
            "slow",
        ),
        (
            404,
            {"error": {"message": "no model", "code": "model_not_found"}},
            ImageInvalid,
            "no model",
        ),
        (500, {"detail": "out of memory"}, ImageSubmitUnknown, "out of memory"),
        (500, {"error": {"message": "?", "code": "moderation_blocked"}}, ImageSubmitUnknown, "?"),
    ],
)
async def test_errors_are_read_in_every_shape(
    server: OpenAiImagesProvider,
    vendor: Vendor,
    status: int,
    body: dict[str, Any],
    expected: type[ImageError],
    raw: str,
) -> None:
    vendor.fail(Fault(on="submit", **says(status, body)))
    with pytest.raises(ImageError) as caught:
        await ordered(server)
    assert (type(caught.value), caught.value.raw) == (expected, raw)


async def test_a_page_instead_of_an_answer_is_no_image_server(
    server: OpenAiImagesProvider, vendor: Vendor
) -> None:
    vendor.fail(Fault(on="submit", **says(404, text="<html>nginx</html>")))
    with pytest.raises(ImageProtocol):
        await ordered(server)


def test_what_cannot_be_passed_on_is_a_warning(server: OpenAiImagesProvider) -> None:
    asked = ImageRequest(prompt="a", safety_tolerance=2, prompt_upsampling=True)
    assert server.validate(asked).warnings == (
        "this model has no safety tolerance",
        "this model has no prompt upsampling",
    )


@pytest.mark.parametrize("model", ["", "a b", "a\nb", "x" * 201, "ü"])
def test_a_model_has_a_printable_name(server: OpenAiImagesProvider, model: str) -> None:
    with pytest.raises(ImageInvalid):
        server.capabilities(model)


async def test_it_exists_once_its_place_is_configured(net: NetClient) -> None:
    assert build(Settings(_env_file=None), net, None) is None
    place = "http://127.0.0.1:8000"
    made = build(
        Settings(_env_file=None, openai_images_base_url=place, image_model="black-forest/f.1"),
        net,
        None,
    )
    assert made is not None
    assert made.default_model == "black-forest/f.1"


async def test_there_are_no_jobs(server: OpenAiImagesProvider) -> None:
    job = JobHandle(provider="openai_images", model="flux", job_id="1")
    assert (await server.cancel(job), await server.credits()) == (False, None)
    assert (await server.poll(job)).state is JobState.NOT_FOUND
