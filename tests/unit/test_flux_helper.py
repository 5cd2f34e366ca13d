"""`generate_image_flux` and `get_credits`: the user's own contract (the skill file flux-image)."""

from __future__ import annotations

import asyncio
import inspect
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from app.flux_helper import generate_image_flux, get_credits
from app.models import ImageState
from app.net.client import NetClient
from app.providers.bfl import BflProvider
from app.providers.offline import OfflineProvider
from tests.fakes.desk import Desk, HereWorker, open_desk
from tests.fakes.vendor import Fault, Plan, Vendor

PROMPT = "Professional IoT sensor, modern tech style"

#: parameter -> default, as the skill file lists them
PARAMETERS = {
    "prompt": inspect.Parameter.empty,
    "width": 1024,
    "height": 1024,
    "output_format": "png",
    "max_wait_seconds": 120,
}


def test_the_parameters_are_those_of_the_contract_in_their_order() -> None:
    given = inspect.signature(generate_image_flux).parameters
    listed = {name: one.default for name, one in list(given.items())[: len(PARAMETERS)]}
    assert list(listed.items()) == list(PARAMETERS.items())


def test_whatever_was_added_goes_by_keyword_only_and_may_be_left_out() -> None:
    given = list(inspect.signature(generate_image_flux).parameters.values())[len(PARAMETERS) :]
    assert {one.kind for one in given} == {inspect.Parameter.KEYWORD_ONLY}
    assert inspect.Parameter.empty not in {one.default for one in given}


async def test_success_has_the_keys_and_types_of_the_contract(desk: Desk) -> None:
    result = await generate_image_flux(PROMPT, 256, 256, studio=desk.studio)
    types = {key: type(result[key]) for key in ("duration", "file_size", "cost", "image_path")}
    assert result["success"] is True
    assert types == {"duration": float, "file_size": int, "cost": float, "image_path": str}


async def test_the_path_is_absolute_dated_and_holds_the_asked_picture(desk: Desk) -> None:
    result = await generate_image_flux(
        PROMPT, width=320, height=200, output_format="jpeg", studio=desk.studio
    )
    path = Path(result["image_path"])
    data = await asyncio.to_thread(path.read_bytes)
    with Pillow.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (320, 200))
    assert path.is_absolute()
    assert re.fullmatch(r"flux_\d{8}_\d{6}_[0-9a-f]{8}\.jpg", path.name)
    assert result["file_size"] == len(data)


async def test_success_tells_the_rest_too(desk: Desk) -> None:
    result = await generate_image_flux(PROMPT, 320, 200, seed=7, studio=desk.studio)
    wanted = {"provider": "bfl", "model": "flux-2-pro", "seed": 7, "mime": "image/png"}
    assert {key: result[key] for key in wanted} == wanted
    assert (result["width"], result["height"], result["cost"]) == (320, 200, 3.0)


#: what the vendor does -> error text, code, retryable, maybe_billed
FAILURES: Mapping[str, tuple[Plan | Fault | None, str, str, bool, bool]] = {
    "output refused": (
        Plan(answers=({"status": "Content Moderated"},)),
        "Content Moderated",
        "moderated_output",
        False,
        True,
    ),
    "request refused": (
        Plan(answers=({"status": "Request Moderated"},)),
        "Request Moderated",
        "moderated_input",
        False,
        False,
    ),
    "error": (Plan(answers=({"status": "Error"},)), "Error", "failed", True, False),
    "never done": (Plan(answers=({"status": "Pending"},)), "Timeout", "timeout", True, True),
    "no credits": (
        Fault(on="submit", do="answer", status=402, body={"detail": "Insufficient credits"}),
        "Insufficient credits",
        "insufficient_credits",
        False,
        False,
    ),
    "wrong key": (
        Fault(on="submit", do="answer", status=401, body={"detail": "Not authenticated"}),
        "Not authenticated",
        "auth",
        False,
        False,
    ),
}


@pytest.mark.parametrize(
    "script,error,code,retryable,billed", FAILURES.values(), ids=FAILURES.keys()
)
async def test_a_failure_is_a_dictionary_and_no_exception(
    desk: Desk,
    paint_vendor: Vendor,
    script: Plan | Fault,
    error: str,
    code: str,
    retryable: bool,
    billed: bool,
) -> None:
    if isinstance(script, Plan):
        paint_vendor.plan(script)
    else:
        paint_vendor.fail(script)
    result = await generate_image_flux(PROMPT, 256, 256, studio=desk.studio)
    assert result["success"] is False
    assert error in result["error"]
    assert (result["code"], result["retryable"], result["maybe_billed"]) == (
        code,
        retryable,
        billed,
    )
    assert result["provider"] == "bfl"


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": " "},
        {"width": 0},
        {"height": -1},
        {"width": 100_000},
        {"output_format": "gif"},
        {"output_format": "../../x"},
        {"model": "no-such-model"},
        {"provider": "no-such-provider"},
    ],
    ids=lambda wrong: "-".join(map(str, *wrong.items())),
)
async def test_what_nobody_can_paint_is_a_failure_that_cost_nothing(
    desk: Desk, paint_vendor: Vendor, wrong: dict[str, Any]
) -> None:
    result = await generate_image_flux(**{"prompt": PROMPT, "studio": desk.studio, **wrong})
    assert (result["success"], result["code"], result["maybe_billed"]) == (
        False,
        "invalid_request",
        False,
    )
    assert paint_vendor.ledger.as_json() == []


async def test_a_failure_names_the_job_and_the_job_can_be_taken_up_again(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.plan(Plan(answers=(*[{"status": "Pending"}] * 6, {"status": "Ready"})))
    first = await generate_image_flux(PROMPT, 256, 256, max_wait_seconds=1, studio=desk.studio)
    again = await generate_image_flux(PROMPT, 256, 256, image_id=first["job"], studio=desk.studio)
    assert (first["success"], again["success"], again["job"]) == (False, True, first["job"])
    assert len(paint_vendor.ledger.of("charge")) == 1


async def test_a_picture_in_somebodys_hands_is_told_as_stale(
    desk: Desk, paint_vendor: Vendor
) -> None:
    first = await generate_image_flux(PROMPT, 256, 256, studio=desk.studio)
    async with desk.store.write() as tx:
        await tx.images.touch(
            first["job"],
            state=ImageState.ACCEPTED,
            lease_until=desk.clock.now().replace(year=2099),
        )
    result = await generate_image_flux(PROMPT, image_id=first["job"], studio=desk.studio)
    assert (result["success"], result["code"]) == (False, "stale")


async def test_a_job_nobody_knows_is_a_failure(desk: Desk) -> None:
    result = await generate_image_flux(PROMPT, image_id=99, studio=desk.studio)
    assert (result["success"], result["code"]) == (False, "not_found")


async def test_one_call_waits_as_long_as_it_was_told(desk: Desk, paint_vendor: Vendor) -> None:
    paint_vendor.plan(Plan(answers=({"status": "Pending"},)))
    began = desk.clock.monotonic()
    await generate_image_flux(PROMPT, 256, 256, "png", 10, studio=desk.studio)
    assert desk.clock.monotonic() - began == pytest.approx(10)


async def test_credits_are_told_with_their_unit(desk: Desk) -> None:
    assert await get_credits(studio=desk.studio) == {
        "success": True,
        "credits": 1234.5,
        "unit": "bfl_credit",
        "usd": 12.345,
    }


async def test_a_balance_that_cannot_be_asked_is_a_failure(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(Fault(on="credits", do="reset"))
    result = await get_credits(studio=desk.studio)
    assert (result["success"], result["code"]) == (False, "unavailable")


async def test_where_nothing_is_counted_the_balance_is_none(
    folder: Path, paint_net: NetClient
) -> None:
    providers = {"offline": OfflineProvider(HereWorker())}
    async with open_desk(folder, providers=providers, net=paint_net, order=("offline",)) as desk:
        balance = await get_credits(studio=desk.studio)
    assert (balance["success"], balance["credits"]) == (True, None)


async def test_the_key_stands_in_no_result(
    desk: Desk, paint_vendor: Vendor, painter: BflProvider
) -> None:
    """Not even when the vendor repeats it."""
    paint_vendor.fail(
        Fault(
            on="submit",
            do="answer",
            status=401,
            body={"detail": f"bad key {paint_vendor.key}"},
        )
    )
    result = await generate_image_flux(PROMPT, 256, 256, studio=desk.studio)
    assert paint_vendor.key not in str(result)
    row = await desk.image(result["job"])
    assert paint_vendor.key not in str(row)
