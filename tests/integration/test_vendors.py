"""From the settings to a picture on the disk, through each vendor that names no price."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.routing import Route

from app.container import open_services
from app.flux_helper import generate_image_flux, get_credits
from app.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.misbehaviour import Fault
from tests.fakes.vendor import KEY, Plan, Vendor, serving, vendor_app
from tests.fakes.vendor_modelverse import modelverse_routes
from tests.fakes.vendor_openai import openai_routes
from tests.fakes.vendor_replicate import comet_routes, replicate_routes

Configure = Callable[[str], dict[str, Any]]

VENDORS: dict[str, tuple[Callable[[Vendor], list[Route]], Configure]] = {
    "modelverse": (
        modelverse_routes,
        lambda url: {"modelverse_api_key": KEY, "modelverse_base_url": url},
    ),
    "replicate": (
        replicate_routes,
        lambda url: {"replicate_api_token": KEY, "replicate_base_url": url},
    ),
    "cometapi": (
        comet_routes,
        lambda url: {"cometapi_key": KEY, "cometapi_base_url": f"{url}/replicate"},
    ),
    "openai_images": (
        openai_routes,
        lambda url: {"openai_images_api_key": KEY, "openai_images_base_url": url},
    ),
}


def _settings(name: str, url: str, folder: Path) -> Settings:
    return Settings(
        _env_file=None,
        outputs_dir=folder,
        database_url=f"sqlite+aiosqlite:///{folder}/desk.db",
        image_providers=(name,),
        **VENDORS[name][1](url),
    )


async def _generated(name: str, vendor: Vendor, folder: Path, **asked: Any) -> dict[str, Any]:
    """What the one door says, the vendor being set up by its settings alone."""
    app = vendor_app(vendor, VENDORS[name][0](vendor))
    async with (
        serving(app) as url,
        open_services(_settings(name, url, folder), owner="test", clock=FakeClock()) as services,
    ):
        assert (await get_credits(studio=services.studio))["credits"] is None
        return await generate_image_flux("a sensor", studio=services.studio, **asked)


def _pictures(folder: Path) -> list[Path]:
    return list(folder.glob("*flux_*"))


@pytest.mark.parametrize("name", VENDORS)
async def test_a_picture_of_the_exact_size_comes_through_every_vendor(
    name: str, tmp_path: Path
) -> None:
    vendor = Vendor()
    result = await _generated(
        name, vendor, tmp_path, width=1080, height=1350, output_format="jpeg", seed=7
    )
    assert result["success"], result
    assert (result["provider"], result["seed"]) == (name, 7)
    assert (result["cost"], result["cost_basis"]) == (None, "unknown")
    with Image.open(result["image_path"]) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1080, 1350))
    assert len(vendor.ledger.of("charge")) == 1
    assert all(KEY not in repr(entry) for entry in vendor.ledger.of("download"))


@pytest.mark.parametrize("name", VENDORS)
async def test_an_order_whose_answer_is_lost_is_paid_once_and_said_to_be_unknown(
    name: str, tmp_path: Path
) -> None:
    vendor = Vendor()
    vendor.fail(Fault(on="submit", do="reset", accepted=True))
    result = await _generated(name, vendor, tmp_path)
    assert (result["success"], result["code"]) == (False, "submit_unknown")
    assert result["maybe_billed"]
    assert len(vendor.ledger.of("charge")) == 1


@pytest.mark.parametrize("name", ["replicate", "cometapi"])
async def test_a_picture_that_was_removed_ends_the_wait(name: str, tmp_path: Path) -> None:
    """Replicate deletes outputs after an hour: asking on would never bring it."""
    vendor = Vendor()
    vendor.plan(Plan(answers=({"status": "succeeded", "output": None, "data_removed": True},)))
    result = await _generated(name, vendor, tmp_path)
    assert (result["success"], result["code"]) == (False, "not_found")


@pytest.mark.parametrize("name", ["modelverse", "openai_images"])
async def test_an_answer_that_is_no_picture_leaves_no_file(name: str, tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.plan(Plan(picture={"text": "no picture"}))
    result = await _generated(name, vendor, tmp_path)
    assert not result["success"]
    assert _pictures(tmp_path) == []
