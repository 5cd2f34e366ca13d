"""The preview: the same for the same order, of what the prompt speaks of, and quick."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from app.pictures.check import check_picture
from app.pictures.fonts import font
from app.pictures.painting import paint
from app.pictures.painting.picture import SCENES, Scene, scene_for
from app.pictures.placeholder import placeholder


def painted(**changes: object) -> bytes:
    order: dict[str, object] = {
        "prompt": "a sensor in a greenhouse",
        "seed": 1,
        "width": 128,
        "height": 160,
        "output_format": "png",
    }
    return paint(**{**order, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("scene", list(SCENES), ids=lambda scene: scene.__name__)
@pytest.mark.parametrize("size", [(64, 64), (128, 160), (300, 100)])
def test_every_scene_is_painted_at_every_size(scene: Scene, size: tuple[int, int]) -> None:
    word = SCENES[scene].split("|")[0]
    facts = check_picture(painted(prompt=word, width=size[0], height=size[1]))
    assert (facts.width, facts.height) == size


def test_the_same_order_gives_the_same_bytes() -> None:
    assert painted() == painted()


@pytest.mark.parametrize("change", [{"seed": 2}, {"prompt": "a greenhouse"}, {"width": 129}])
def test_another_order_gives_another_picture(change: dict[str, object]) -> None:
    assert painted(**change) != painted()


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_it_comes_in_the_asked_format(output_format: str) -> None:
    assert check_picture(painted(output_format=output_format)).format == output_format


@pytest.mark.parametrize(
    "prompt, name",
    [
        ("Professional IoT sensor device mounted on greenhouse wall, green LED", "greenhouse"),
        ("Predictive maintenance in a factory", "works"),
        ("Server room with racks", "racks"),
        ("Cloud computing circuit", "circuit"),
        ("An analytics dashboard with charts", "dashboard"),
        ("LoRaWAN gateway above the city", "city"),
        ("Solar panels and wind turbines", "energy"),
        ("Soil moisture in the field", "field"),
        ("Akıllı sera", "greenhouse"),
        ("Fabrika otomasyonu", "works"),
    ],
)
def test_the_scene_follows_the_prompt(prompt: str, name: str) -> None:
    assert scene_for(prompt, random.Random(1)).__name__ == name


def test_a_prompt_that_calls_for_nothing_gets_some_scene() -> None:
    assert scene_for("zzz", random.Random(1)) in SCENES


def test_it_is_marked_as_a_preview_along_its_lower_edge() -> None:
    picture = Image.open(io.BytesIO(painted(width=512, height=512))).convert("L")
    band = picture.crop((150, 494, 362, 510))
    dark, light = band.getextrema()
    assert isinstance(dark, int)
    assert isinstance(light, int)
    assert light - dark > 100


def test_the_placeholder_is_always_the_same_jpeg() -> None:
    data = placeholder()
    facts = check_picture(data)
    assert data == placeholder()
    assert (facts.mime, facts.width, facts.height) == ("image/jpeg", 1024, 1024)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("letter", "ğĞıİşŞçÇöÖüÜ€₺✓✗●–…’")
def test_the_bundled_font_has_the_letter(letter: str, bold: bool) -> None:
    face = font(32, bold=bold)
    missing = face.getmask("\U000fffff")
    assert bytes(face.getmask(letter)) != bytes(missing)
