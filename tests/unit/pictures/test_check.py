"""Bytes from outside: what passes for a picture, and what certainly does not."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.errors import ImageDownload
from app.pictures.check import check_picture


def encoded(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> bytes:
    stream = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(stream, kind)
    return stream.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing of it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack("!I", zlib.crc32(name + data))
        return struct.pack("!I", len(data)) + name + data + crc

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_pass_and_are_measured(kind: str) -> None:
    data = encoded(kind)
    facts = check_picture(data)
    assert (facts.format, facts.width, facts.height) == (kind.lower(), 40, 30)
    assert facts.file_size == len(data)


@pytest.mark.parametrize(
    "kind, mode",
    [
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "I;16"),
        ("PNG", "1"),
    ],
)
def test_unusual_colours_pass(kind: str, mode: str) -> None:
    assert check_picture(encoded(kind, mode)).width == 40


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PPM", "ICO", "TGA"])
def test_no_other_decoder_is_reached(kind: str) -> None:
    with pytest.raises(ImageDownload):
        check_picture(encoded(kind))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_cut_off_picture_is_refused(kind: str, share: float) -> None:
    data = encoded(kind, size=(400, 300))
    with pytest.raises(ImageDownload):
        check_picture(data[: int(len(data) * share)])


@pytest.mark.parametrize("size", [(20_000, 20_000), (4100, 4100), (2**31 - 1, 1), (0, 10)])
def test_a_claim_of_too_many_pixels_is_refused_undecoded(size: tuple[int, int]) -> None:
    with pytest.raises(ImageDownload):
        check_picture(claiming(*size))


@pytest.mark.parametrize("data", [b"", b"<html>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"\0" * 99])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ImageDownload):
        check_picture(data)


@given(st.data())
def test_damaged_bytes_end_in_facts_or_in_a_refusal_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(encoded(data.draw(st.sampled_from(["PNG", "JPEG", "WEBP"]))))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        facts = check_picture(bytes(damaged))
    except ImageDownload:
        return
    assert facts.width * facts.height <= 16_800_000
