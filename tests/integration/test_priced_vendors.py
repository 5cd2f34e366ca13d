"""From the settings to a picture on the disk, through the vendors that tell a price afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.container import open_services
from app.flux_helper import generate_image_flux, get_credits
from app.images import Studio
from app.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.misbehaviour import Fault
from tests.fakes.vendor import KEY, Plan, Vendor, serving, vendor_app
from tests.fakes.vendor_apiframe import apiframe_routes
from tests.fakes.vendor_doitong import doitong_routes

ROUTES = {"apiframe": apiframe_routes, "doitong": doitong_routes}
NAMES = [
    ("apiframe", {}),
    ("doitong", {"doitong_dialect": "generate"}),
    ("doitong", {"doitong_dialect": "generateImage"}),
    ("doitong", {"doitong_dialect": "rest", "doitong_status_query": "/v1/jobs/{id}"}),
]


@asynccontextmanager
async def studio_of(name: str, vendor: Vendor, folder: Path, **more: Any) -> AsyncIterator[Studio]:
    """The studio of a desk whose only vendor is set up by its settings alone."""
    async with serving(vendor_app(vendor, ROUTES[name](vendor))) as url:
        settings = Settings(
            _env_file=None,
            outputs_dir=folder,
            database_url=f"sqlite+aiosqlite:///{folder}/desk.db",
            image_providers=(name,),
            **{f"{name}_api_key": KEY, f"{name}_base_url": url, **more},
        )
        async with open_services(settings, owner="test", clock=FakeClock()) as services:
            yield services.studio


@pytest.mark.parametrize("name, more", NAMES)
async def test_a_picture_of_the_exact_size_comes_with_its_price_in_the_vendors_credits(
    tmp_path: Path, name: str, more: dict[str, Any]
) -> None:
    vendor = Vendor()
    async with studio_of(name, vendor, tmp_path, **more) as studio:
        result = await generate_image_flux(
            "a sensor", width=1080, height=1350, output_format="webp", seed=7, studio=studio
        )
    assert result["success"], result
    assert (result["cost_unit"], result["cost_basis"]) == (f"{name}_credit", "reported")
    assert (result["cost"] > 0, result["cost_usd"]) == (True, None)
    with Image.open(result["image_path"]) as picture:
        assert (picture.size, picture.format) == ((1080, 1350), "WEBP")


@pytest.mark.parametrize("name, more", NAMES)
async def test_an_order_whose_answer_was_lost_is_paid_once_and_painted(
    tmp_path: Path, name: str, more: dict[str, Any]
) -> None:
    vendor = Vendor()
    vendor.fail(Fault(on="submit", do="reset", accepted=True))
    async with studio_of(name, vendor, tmp_path, **more) as studio:
        result = await generate_image_flux("a sensor", studio=studio)
    assert result["success"], result
    assert len(vendor.ledger.of("charge")) == 1


async def test_a_job_nobody_can_ask_for_runs_out_of_time_and_the_setting_is_named(
    tmp_path: Path,
) -> None:
    vendor = Vendor()
    query = "query($id: ID!){ picture(id:$id){ id status url } }"
    async with studio_of("doitong", vendor, tmp_path, doitong_status_query=query) as studio:
        result = await generate_image_flux("a sensor", studio=studio)
    (job,) = vendor.jobs
    assert (result["code"], result["maybe_billed"]) == ("timeout", True)
    assert "DOITONG_STATUS_QUERY" in result["error"]
    assert job in result["error"]
    assert len(vendor.ledger.of("poll")) < 10


async def test_that_job_is_finished_once_the_query_is_set(tmp_path: Path) -> None:
    vendor = Vendor()
    query = "query($id: ID!){ picture(id:$id){ id status url } }"
    async with studio_of("doitong", vendor, tmp_path, doitong_status_query=query) as studio:
        stuck = await generate_image_flux("a sensor", studio=studio)
    async with studio_of("doitong", vendor, tmp_path) as studio:
        result = await generate_image_flux("a sensor", studio=studio, image_id=stuck["job"])
    assert result["success"], result
    assert len(vendor.ledger.of("charge")) == 1


async def test_the_filters_refusal_is_told_as_such(tmp_path: Path) -> None:
    vendor = Vendor()
    words = "Provider returned an error: content policy violation"
    vendor.plan(Plan(answers=({"status": "FAILED", "error": words, "creditCost": 0},)))
    async with studio_of("apiframe", vendor, tmp_path) as studio:
        result = await generate_image_flux("a sensor", studio=studio)
    assert (result["code"], result["reasons"]) == ("moderated_output", [words])


async def test_the_credits_left_are_told_where_the_vendor_tells_them(tmp_path: Path) -> None:
    async with studio_of("apiframe", Vendor(), tmp_path) as studio:
        left = await get_credits(studio=studio)
    assert (left["credits"], left["unit"]) == (120, "apiframe_credit")
