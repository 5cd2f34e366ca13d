"""What holds for every picture provider, whoever paints."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from app.errors import ImageInvalid
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.orders import ImageRequest, JobHandle, JobState, JobStatus
from app.ports import ImageProvider
from app.providers import PROVIDERS

ASKED = ImageRequest(prompt="An IoT sensor on a greenhouse wall", width=256, height=320, seed=7)


async def painted(provider: ImageProvider, request: ImageRequest) -> JobStatus:
    """Order and ask until the job is over."""
    given = await provider.submit(request, key="k1")
    if isinstance(given, JobStatus):
        return given
    status = await provider.poll(given)
    while status.state is JobState.RUNNING:
        status = await provider.poll(given)
    return status


async def bytes_of(provider: ImageProvider, status: JobStatus) -> bytes:
    """The picture behind a status."""
    if isinstance(status.output, bytes):
        return status.output
    async with NetClient() as net:
        return await safe_fetch(net, str(status.output), trusted_hosts=provider.trusted_hosts)


async def test_a_good_request_ends_in_a_picture_of_the_quoted_size(
    provider: ImageProvider,
) -> None:
    quote = provider.validate(ASKED)
    status = await painted(provider, ASKED)
    picture = Image.open(io.BytesIO(await bytes_of(provider, status)))
    assert (status.state, picture.size) == (JobState.SUCCEEDED, (quote.width, quote.height))


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
async def test_the_picture_has_the_asked_format(
    provider: ImageProvider, output_format: str
) -> None:
    """Of the formats this vendor has; any other is converted from its first one afterwards."""
    formats = provider.capabilities(provider.default_model).formats or ("png",)
    status = await painted(provider, replace(ASKED, output_format=output_format))
    picture = Image.open(io.BytesIO(await bytes_of(provider, status)))
    assert picture.format == (output_format if output_format in formats else formats[0]).upper()


async def test_the_seed_used_is_told_or_nothing_is_said_of_it(provider: ImageProvider) -> None:
    assert (await painted(provider, ASKED)).seed in (7, None)


async def test_the_price_is_told_or_said_to_be_unknown(provider: ImageProvider) -> None:
    cost = (await painted(provider, ASKED)).cost
    assert cost is not None
    reports = provider.capabilities(provider.default_model).reports_cost
    assert cost.basis == ("reported" if reports else "unknown")
    assert (cost.amount is None) is not reports


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": "  "},
        {"prompt": "x" * 40_000},
        {"width": 0},
        {"height": -5},
        {"width": 50_000},
        {"output_format": "../../etc/passwd"},
        {"model": "no-such-model"},
        {"references": (b"x",) * 20},
    ],
    ids=lambda wrong: "-".join(wrong),
)
async def test_an_impossible_request_is_refused_before_money_is_spent(
    provider: ImageProvider, wrong: dict[str, object]
) -> None:
    with pytest.raises(ImageInvalid) as caught:
        await provider.submit(ImageRequest(**{"prompt": "a sensor", **wrong}), key="k1")  # type: ignore[arg-type]
    assert caught.value.provider == provider.name


@pytest.mark.parametrize("size", [(1024, 1024), (1080, 1350), (1080, 1080), (1200, 630), (64, 64)])
def test_the_painted_size_is_never_below_the_asked_one(
    provider: ImageProvider, size: tuple[int, int]
) -> None:
    quote = provider.validate(replace(ASKED, width=size[0], height=size[1]))
    assert quote.width >= size[0]
    assert quote.height >= size[1]


def test_the_default_model_has_capabilities(provider: ImageProvider) -> None:
    capabilities = provider.capabilities(provider.default_model)
    assert set(capabilities.formats) <= {"png", "jpeg", "webp"}
    assert capabilities.prompt_max > 0


def test_an_impossible_model_has_none(provider: ImageProvider) -> None:
    with pytest.raises(ImageInvalid):
        provider.capabilities("no such model")


async def test_a_job_nobody_ordered_is_not_found(provider: ImageProvider) -> None:
    stranger = JobHandle(provider=provider.name, model=provider.default_model, job_id="nobody")
    assert (await provider.poll(stranger)).state is JobState.NOT_FOUND


async def test_a_handle_survives_a_restart_as_json(provider: ImageProvider) -> None:
    given = await provider.submit(ASKED, key="k1")
    if isinstance(given, JobHandle):
        assert JobHandle.from_json(json.loads(json.dumps(given.to_json()))) == given


async def test_an_unsigned_webhook_is_not_believed(provider: ImageProvider) -> None:
    assert provider.parse_webhook({}, b'{"id": "1"}') is None


def test_every_provider_is_registered_once_under_its_own_name(provider: ImageProvider) -> None:
    assert [name for name, _ in PROVIDERS].count(provider.name) == 1
