"""Cutting a painted picture to the asked size and format."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.errors import ImageDownload
from app.pictures.check import check_picture
from app.pictures.fit import fit_picture
from app.pictures.sizes import of_area, paintable, ratio

SIDES = st.integers(1, 300)
FORMATS = st.sampled_from(["png", "jpeg", "webp"])


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def reopened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@settings(deadline=None)
@given(width=SIDES, height=SIDES, to_width=SIDES, to_height=SIDES, output_format=FORMATS)
def test_the_result_has_exactly_the_asked_size_and_format(
    width: int, height: int, to_width: int, to_height: int, output_format: str
) -> None:
    data = encoded(Image.new("RGB", (width, height), "teal"))
    fitted = fit_picture(data, width=to_width, height=to_height, output_format=output_format)
    assert check_picture(fitted.data) == fitted.facts
    assert (fitted.facts.width, fitted.facts.height) == (to_width, to_height)
    assert fitted.facts.format == output_format


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_bytes_that_are_right_already_are_kept(kind: str) -> None:
    data = encoded(Image.new("RGB", (64, 48), "teal"), kind)
    assert fit_picture(data, width=64, height=48, output_format=kind.lower()).data == data


def test_the_middle_is_kept() -> None:
    picture = Image.new("RGB", (300, 100), "red")
    picture.paste((0, 0, 255), (100, 0, 200, 100))
    fitted = fit_picture(encoded(picture), width=100, height=100, output_format="png")
    assert reopened(fitted.data).getpixel((50, 50)) == (0, 0, 255)


def test_metadata_is_left_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    data = encoded(Image.new("RGB", (64, 64)), "JPEG", exif=exif)
    fitted = fit_picture(data, width=64, height=64, output_format="jpeg")
    assert b"a secret place" not in fitted.data


def test_a_picture_stored_sideways_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new("RGB", (200, 100), "red")
    picture.paste((0, 0, 255), (0, 0, 100, 100))
    data = encoded(picture, "JPEG", exif=exif, quality=100)
    fitted = reopened(fit_picture(data, width=100, height=200, output_format="png").data)
    top = fitted.getpixel((50, 20))
    assert isinstance(top, tuple)
    assert top[2] > 200


def test_transparency_becomes_white() -> None:
    data = encoded(Image.new("RGBA", (64, 64), (0, 0, 0, 0)))
    fitted = fit_picture(data, width=32, height=32, output_format="jpeg")
    assert reopened(fitted.data).getpixel((10, 10)) == (255, 255, 255)


def test_sixteen_bits_keep_their_brightness() -> None:
    data = encoded(Image.new("I;16", (64, 64), 32896))
    fitted = fit_picture(data, width=32, height=32, output_format="png")
    assert reopened(fitted.data).getpixel((10, 10)) == (128, 128, 128)


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_the_result_is_rgb(mode: str) -> None:
    data = encoded(Image.new(mode, (64, 64)), "JPEG")
    fitted = fit_picture(data, width=32, height=32, output_format="png")
    assert reopened(fitted.data).mode == "RGB"


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ImageDownload):
        fit_picture(b"<html>", width=10, height=10, output_format="png")


@given(width=st.integers(1, 2048), height=st.integers(1, 2048), step=st.sampled_from([1, 16, 32]))
def test_a_paintable_size_is_on_the_grid_and_hardly_larger(
    width: int, height: int, step: int
) -> None:
    size = paintable(width, height, step=step, min_side=64, max_side=2048, max_pixels=2048 * 2048)
    assert size is not None
    for asked, painted in zip((width, height), size, strict=True):
        assert painted % step == 0
        assert asked <= painted < max(64, asked) + step


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (2049, 10), (2048, 2049)])
def test_an_unpaintable_size_is_none(size: tuple[int, int]) -> None:
    assert paintable(*size, step=16, min_side=64, max_side=2048, max_pixels=2**22) is None


def test_a_proportion_is_in_lowest_terms() -> None:
    assert (ratio(1080, 1350), ratio(1024, 1024)) == ((4, 5), (1, 1))


def test_an_area_keeps_the_proportion() -> None:
    assert of_area(1600, 900, 1600 * 900 // 4) == (800, 450)
