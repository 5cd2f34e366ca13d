"""BFL as its documents describe it: orders, statuses, prices, webhooks."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from pydantic import SecretStr

from app.errors import ImageInvalid, ImageProtocol
from app.net.client import NetClient
from app.orders import Cost, ImageRequest, JobHandle, JobState
from app.providers.bfl import BflProvider
from tests.fakes.vendor import KEY, Plan, Vendor

ASKED = ImageRequest(prompt="a sensor", width=1080, height=1350)


def sent(vendor: Vendor) -> dict[str, Any]:
    """The body of the one order."""
    (entry,) = vendor.ledger.of("submit")
    body: dict[str, Any] = entry.detail["body"]
    return body


async def ordered(bfl: BflProvider, **fields: Any) -> JobHandle:
    return await bfl.submit(ImageRequest(prompt="a sensor", **fields), key="k1")


async def test_the_output_format_is_always_sent(bfl: BflProvider, vendor: Vendor) -> None:
    await ordered(bfl)
    assert sent(vendor)["output_format"] == "png"


async def test_a_size_off_the_grid_is_painted_larger(bfl: BflProvider, vendor: Vendor) -> None:
    await bfl.submit(ASKED, key="k1")
    assert (sent(vendor)["width"], sent(vendor)["height"]) == (1088, 1360)


async def test_flux_1_has_the_coarser_grid(bfl: BflProvider, vendor: Vendor) -> None:
    await ordered(bfl, model="flux-pro-1.1", width=1080, height=1350)
    assert (sent(vendor)["width"], sent(vendor)["height"]) == (1088, 1376)


async def test_the_order_carries_the_seed_and_the_tolerance(
    bfl: BflProvider, vendor: Vendor
) -> None:
    await ordered(bfl, seed=5, safety_tolerance=0)
    assert (sent(vendor)["seed"], sent(vendor)["safety_tolerance"]) == (5, 0)


async def test_upsampling_is_the_inverse_of_the_vendors_own_field(
    bfl: BflProvider, vendor: Vendor
) -> None:
    await ordered(bfl, prompt_upsampling=False)
    assert sent(vendor)["disable_pup"] is True


async def test_flex_knows_upsampling_by_its_name(bfl: BflProvider, vendor: Vendor) -> None:
    await ordered(bfl, model="flux-2-flex", prompt_upsampling=True)
    assert sent(vendor)["prompt_upsampling"] is True


async def test_reference_pictures_go_as_numbered_base64(bfl: BflProvider, vendor: Vendor) -> None:
    await ordered(bfl, references=(b"one", "https://example.org/two.png"))
    body = sent(vendor)
    assert (body["input_image"], body["input_image_2"]) == ("b25l", "https://example.org/two.png")


def test_klein_takes_four_references(bfl: BflProvider) -> None:
    with pytest.raises(ImageInvalid, match="at most 4"):
        bfl.validate(
            ImageRequest(prompt="a", model="flux-2-klein-4b", references=("https://x.org",) * 5)
        )


def test_a_model_with_proportions_only_warns_when_it_must_be_enlarged(bfl: BflProvider) -> None:
    quote = bfl.validate(
        ImageRequest(prompt="a", model="flux-kontext-pro", width=1600, height=1600)
    )
    assert quote.warnings == ("painted at about 1024 x 1024 and enlarged",)


def test_a_tolerance_of_six_is_for_flux_1_only(bfl: BflProvider) -> None:
    bfl.validate(ImageRequest(prompt="a", model="flux-dev", safety_tolerance=6))
    with pytest.raises(ImageInvalid, match="from 0 to 5"):
        bfl.validate(ImageRequest(prompt="a", safety_tolerance=6))


@pytest.mark.parametrize(
    "model, side, credits",
    [
        ("flux-2-pro", 1024, 3.0),
        ("flux-2-pro", 2048, 7.5),
        ("flux-2-max", 1024, 7.0),
        ("flux-2-flex", 1024, 5.0),
        ("flux-2-klein-4b", 1024, 1.4),
        ("flux-pro-1.1", 1024, 4.0),
    ],
)
def test_the_quote_follows_the_price_formula(
    bfl: BflProvider, model: str, side: int, credits: float
) -> None:
    quote = bfl.validate(ImageRequest(prompt="a", model=model, width=side, height=side))
    assert quote.cost == Cost(
        amount=credits, unit="bfl_credit", usd=round(credits / 100, 4), basis="estimated"
    )


async def test_the_reported_cost_wins(bfl: BflProvider, vendor: Vendor) -> None:
    vendor.plan(Plan(order={"cost": 4.0}))
    handle = await ordered(bfl)
    assert handle.cost == Cost(amount=4.0, unit="bfl_credit", usd=0.04, basis="reported")


@pytest.mark.parametrize("cost", [None, "a lot", -1, True])
async def test_an_unusable_cost_leaves_the_estimate(
    bfl: BflProvider, vendor: Vendor, cost: object
) -> None:
    vendor.plan(Plan(order={"cost": cost}))
    handle = await ordered(bfl)
    assert handle.cost is not None
    assert handle.cost.basis == "estimated"


async def test_a_reply_without_polling_url_is_polled_at_the_documented_place(
    bfl: BflProvider, vendor: Vendor
) -> None:
    vendor.plan(Plan(order={"polling_url": None}, answers=({"status": "Ready"},)))
    assert (await bfl.poll(await ordered(bfl))).state is JobState.SUCCEEDED


async def test_an_order_with_a_webhook_is_polled_as_well(
    net: NetClient, base: str, vendor: Vendor
) -> None:
    vendor.plan(Plan(answers=({"status": "Ready"},)))
    hook = "https://bot.example/hook"
    secret = SecretStr("s3cret")
    bfl = BflProvider(
        net, key=SecretStr(KEY), base_url=base, webhook_url=hook, webhook_secret=secret
    )
    assert (await bfl.poll(await ordered(bfl))).state is JobState.SUCCEEDED


@pytest.mark.parametrize(
    "answer, state",
    [
        ({"status": "Pending"}, JobState.RUNNING),
        ({"status": "pending"}, JobState.RUNNING),
        ({"status": "READY"}, JobState.SUCCEEDED),
        ({"status": "Queued"}, JobState.RUNNING),
        ({"status": "Something New"}, JobState.RUNNING),
        ({"status": None}, JobState.RUNNING),
        ({"status": "Error"}, JobState.FAILED),
        ({"status": "Request Moderated"}, JobState.MODERATED_INPUT),
        ({"status": "content moderated"}, JobState.MODERATED_OUTPUT),
        ({"status": "Task not found"}, JobState.NOT_FOUND),
    ],
    ids=lambda value: value.get("status") if isinstance(value, dict) else value,
)
async def test_a_status_has_its_meaning(
    bfl: BflProvider, vendor: Vendor, answer: dict[str, Any], state: JobState
) -> None:
    vendor.plan(Plan(answers=(answer,)))
    assert (await bfl.poll(await ordered(bfl))).state is state


async def test_the_vendors_own_word_is_kept(bfl: BflProvider, vendor: Vendor) -> None:
    vendor.plan(Plan(answers=({"status": "Content Moderated"},)))
    assert (await bfl.poll(await ordered(bfl))).raw_status == "Content Moderated"


@pytest.mark.parametrize(
    "told, progress",
    [(0.5, 0.5), (50, 0.5), (1, 1.0), (400, 1.0), (None, None), (-1, None), ("x", None)],
)
async def test_progress_is_a_share_of_one(
    bfl: BflProvider, vendor: Vendor, told: object, progress: float | None
) -> None:
    vendor.plan(Plan(answers=({"status": "Pending", "progress": told},)))
    assert (await bfl.poll(await ordered(bfl))).progress == progress


@pytest.mark.parametrize(
    "details, reasons",
    [
        (
            {"Moderation Reasons": ["Derivative Works Filter", "Violence"]},
            ("Derivative Works Filter", "Violence"),
        ),
        ({"Moderation Reasons": "Violence"}, ("Violence",)),
        ({"error": "out of memory"}, ("out of memory",)),
        ("broken", ("broken",)),
        (None, ()),
        ({"Moderation Reasons": [None, 5, ""]}, ()),
    ],
)
async def test_reasons_are_read_in_every_shape(
    bfl: BflProvider, vendor: Vendor, details: object, reasons: tuple[str, ...]
) -> None:
    vendor.plan(Plan(answers=({"status": "Request Moderated", "details": details},)))
    assert (await bfl.poll(await ordered(bfl))).reasons == reasons


@pytest.mark.parametrize("result", [None, {}, {"sample": None}, {"sample": ""}, [], "url"])
async def test_ready_without_a_picture_is_a_protocol_fault(
    bfl: BflProvider, vendor: Vendor, result: object
) -> None:
    vendor.plan(Plan(answers=({"status": "Ready", "result": result},)))
    with pytest.raises(ImageProtocol):
        await bfl.poll(await ordered(bfl))


async def test_the_answer_for_another_job_is_not_taken(bfl: BflProvider, vendor: Vendor) -> None:
    vendor.plan(Plan(answers=({"status": "Ready", "id": "somebody-else"},)))
    with pytest.raises(ImageProtocol):
        await bfl.poll(await ordered(bfl))


async def test_an_unknown_status_is_logged_once(
    bfl: BflProvider, vendor: Vendor, everything_logged: pytest.LogCaptureFixture
) -> None:
    vendor.plan(Plan(answers=({"status": "Dreaming"},)))
    handle = await ordered(bfl)
    await bfl.poll(handle)
    await bfl.poll(handle)
    assert everything_logged.text.count("Dreaming") == 1


async def test_credits_are_told_in_dollars_too(bfl: BflProvider) -> None:
    balance = await bfl.credits()
    assert (balance.amount, balance.unit, balance.usd) == (1234.5, "bfl_credit", 12.345)


def _signed(secret: str, body: bytes) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-BFL-Signature": f"sha256={digest}"}


@pytest.mark.parametrize(
    "secret, body, job",
    [
        ("s3cret", b'{"id": "j1", "status": "Ready"}', "j1"),
        ("wrong", b'{"id": "j1"}', None),
        ("s3cret", b"[]", None),
        ("s3cret", b"no json", None),
        ("s3cret", b'{"id": 5}', None),
    ],
)
async def test_a_webhook_is_believed_only_with_the_right_signature(
    net: NetClient, secret: str, body: bytes, job: str | None
) -> None:
    bfl = BflProvider(net, key=SecretStr(KEY), webhook_secret=SecretStr("s3cret"))
    assert bfl.parse_webhook(_signed(secret, body), body) == job
