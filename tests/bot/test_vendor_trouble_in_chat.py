"""What a vendor's trouble looks like on the card: one sentence, the draft kept, a way on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.models import DraftState
from bot.callback_data import Action
from tests.bot.driver import Desk, Shown, actions, served_desk
from tests.fakes.vendor import Fault, Plan, Vendor, serving, vendor_app
from tests.fakes.vendor_bfl import bfl_routes

HTML = "<html><body>Bad gateway</body></html>"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def desk(tmp_path: Path, vendor: Vendor) -> AsyncIterator[Desk]:
    async with (
        serving(vendor_app(vendor, bfl_routes(vendor))) as url,
        served_desk(tmp_path, bfl_api_key=SecretStr(vendor.key), bfl_base_url=url) as running,
    ):
        yield running


def answers(status: int, body: Any = None, *, on: str = "submit", **more: Any) -> Fault:
    return Fault(on=on, do="answer", status=status, body=body, nth=None, **more)


def ends(status: str, **more: Any) -> Plan:
    """A job that ends with that word."""
    return Plan(answers=({"status": status, **more},))


#: what happens -> the failure on the card
REFUSED: dict[str, tuple[Fault | Plan, str]] = {
    "401": (answers(401, {"detail": "no"}), "auth"),
    "402": (answers(402, {"detail": "Insufficient credits"}), "insufficient_credits"),
    "403": (answers(403, {"detail": "Forbidden"}), "permission"),
    "422": (answers(422, {"detail": [{"loc": ["b"], "msg": "m"}]}), "invalid_request"),
    "429": (answers(429, {"detail": "slow down"}), "rate_limited"),
    "503": (answers(503, {"detail": "busy"}), "unavailable"),
    "500": (answers(500, {"detail": "oops"}), "submit_unknown"),
    "no answer": (Fault(on="submit", do="reset", nth=None), "submit_unknown"),
    "html": (answers(200, text=HTML), "protocol"),
    "request moderated": (ends("Request Moderated"), "moderated_input"),
    "content moderated": (ends("Content Moderated"), "moderated_output"),
    "error": (ends("Error"), "failed"),
    "task not found": (ends("Task not found"), "not_found"),
    "no picture": (Plan(answers=({"status": "Ready"},), picture={"text": "no"}), "download"),
    "nothing in time": (Plan(seconds=900), "timeout"),
    "html polls": (answers(502, text=HTML, on="poll"), "timeout"),
}


async def troubled_card(desk: Desk, vendor: Vendor, trouble: Fault | Plan) -> Shown:
    """The card after that trouble."""
    if isinstance(trouble, Plan):
        vendor.plan(trouble)
    else:
        vendor.fail(trouble)
    await desk.say(desk.topic)
    return await desk.card_is("failed")


@pytest.mark.parametrize("what", REFUSED)
async def test_the_card_says_what_happened_and_trying_again_works(
    desk: Desk, vendor: Vendor, what: str
) -> None:
    trouble, failure = REFUSED[what]
    card = await troubled_card(desk, vendor, trouble)
    sentence = desk.texts(f"failure.{failure}")
    assert card["text"].count(sentence) == 1
    assert "HTTP" not in card["text"]
    assert vendor.key not in card["text"]
    assert Action.REGENERATE in actions(card)
    draft = await desk.draft()
    assert (draft.state, draft.failure) == (DraftState.FAILED, failure)
    charged = len(vendor.ledger.of("charge"))
    assert charged <= 1
    vendor.clear()
    await desk.tap(Action.REGENERATE)
    again = await desk.card_is("review", version=2)
    assert draft.caption in again["text"]
    assert len(vendor.ledger.of("charge")) == charged + 1


async def test_a_late_picture_is_fetched_without_a_second_order(
    desk: Desk, vendor: Vendor
) -> None:
    card = await troubled_card(desk, vendor, answers(502, text=HTML, on="poll"))
    assert Action.LOOK_AGAIN in actions(card)
    vendor.clear()
    assert await desk.tap(Action.LOOK_AGAIN) == desk.texts("done.looking")
    await desk.card_is("review")
    assert len(vendor.ledger.of("submit")) == 1


async def test_the_price_stands_on_the_button_and_what_was_spent_on_the_card(
    desk: Desk, vendor: Vendor
) -> None:
    await desk.say(desk.topic)
    card = await desk.card_is("review")
    assert "spent 3 credits" in card["text"]
    assert any("credits" in b["text"] for row in card["keyboard"] for b in row)


async def test_a_topic_said_twice_quickly_is_two_drafts_and_two_orders_not_more(
    desk: Desk, vendor: Vendor
) -> None:
    await desk.say(desk.topic)
    await desk.say(desk.topic)
    await desk.card_is("review", number=1)
    await desk.card_is("review", number=2)
    assert len(vendor.ledger.of("charge")) == 2


async def test_the_picture_before_is_one_tap_away(desk: Desk, vendor: Vendor) -> None:
    await desk.say(desk.topic)
    first = await desk.card_is("review")
    vendor.fail(answers(402, {"detail": "Insufficient credits"}))
    await desk.tap(Action.REGENERATE)
    await desk.card_is("failed", version=2)
    await desk.tap(Action.KEEP_PREVIOUS)
    kept = await desk.card_is("review", version=3)
    assert kept["photo"]["file_id"] == first["photo"]["file_id"]
    assert Action.APPROVE in actions(kept)
