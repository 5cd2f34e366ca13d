"""The composition root: opens what the settings say, closes it whatever happens."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.container import open_services
from app.errors import SettingsInvalid
from app.flux_helper import generate_image_flux
from app.settings import Settings


def settings(folder: Path, **more: Any) -> Settings:
    """Everything under `folder`, and nothing from this machine's environment."""
    plain: dict[str, Any] = {
        "outputs_dir": folder / "outputs",
        "database_url": f"sqlite+aiosqlite:///{folder / 'data' / 'bot.db'}",
    }
    return Settings.model_construct(**plain | more)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_folders_and_schema_are_made_at_the_first_opening(tmp_path: Path) -> None:
    async with open_services(settings(tmp_path), owner="run") as services:
        assert (await services.members.brand()).zone == "Europe/Istanbul"
    assert names(tmp_path) == ["data", "outputs"]


async def test_what_was_written_is_there_at_the_next_opening(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_services(settings(tmp_path), owner="run") as services:
            await services.members.settle({7})
            members = await services.members.owners()
    assert [member.id for member in members] == [1]


async def test_closed_services_leave_no_thread_and_no_file_open(tmp_path: Path) -> None:
    before = threading.active_count()
    async with open_services(settings(tmp_path), owner="run") as services:
        await services.members.brand()
    gc.collect()
    assert threading.active_count() <= before
    assert names(tmp_path / "data") == ["bot.db"]


async def test_without_a_key_pictures_are_previews(tmp_path: Path) -> None:
    async with open_services(settings(tmp_path), owner="run") as services:
        assert services.studio.is_preview
        result = await generate_image_flux("A field", 64, 64, studio=services.studio)
    assert (result["success"], result["provider"], result["cost"]) == (True, "offline", 0.0)


async def test_a_vendor_with_a_key_is_preferred(tmp_path: Path) -> None:
    chosen = settings(tmp_path, bfl_api_key=SecretStr("canary"))
    async with open_services(chosen, owner="run") as services:
        assert not services.studio.is_preview


@pytest.mark.parametrize(
    "order,told",
    [
        (("dalle",), "dalle is none of bfl, .*offline"),
        (("bfl",), "names bfl, but its key is not set"),
    ],
)
async def test_an_order_of_providers_that_cannot_be_kept_is_named(
    tmp_path: Path, order: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SettingsInvalid, match=told):
        async with open_services(settings(tmp_path, image_providers=order), owner="run"):
            pass
    gc.collect()


async def test_a_model_the_preferred_vendor_does_not_have_is_named(tmp_path: Path) -> None:
    """Another one would be painted with at another price."""
    chosen = settings(tmp_path, bfl_api_key=SecretStr("canary"), image_model="flux-9")
    with pytest.raises(SettingsInvalid, match="IMAGE_MODEL: BFL has no model 'flux-9'"):
        async with open_services(chosen, owner="run"):
            pass
    gc.collect()


async def test_the_preview_stands_in_for_every_model(tmp_path: Path) -> None:
    async with open_services(settings(tmp_path, image_model="flux-2-max"), owner="run") as opened:
        assert opened.studio.is_preview


async def test_two_openings_have_different_owners(tmp_path: Path) -> None:
    """A lease must not pass for one's own after a restart."""
    owners = []
    for _ in range(2):
        async with open_services(settings(tmp_path), owner="run") as services:
            await generate_image_flux("A field", 64, 64, studio=services.studio)
            async with services.store.read() as tx:
                owners = [image.owner for image in await tx.images.find()]
    assert len(set(owners)) == 2
    assert all(owner is not None and owner.startswith("run:") for owner in owners)
