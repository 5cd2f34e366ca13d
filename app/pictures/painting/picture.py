"""One preview picture from a prompt, a seed and a size: always the same for the same three."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

from app.pictures.fonts import font

_SAVE = {
    "png": {"compress_level": 3},
    "jpeg": {"quality": 90, "subsampling": 0},
    "webp": {"quality": 90, "method": 2},
}
MARK = "preview – no image key set"


def paint(*, prompt: str, seed: int, width: int, height: int, output_format: str) -> bytes:
    """The encoded picture; sizes in pixels, format png, jpeg or webp. Blocks for a second."""
    dice = random.Random(f"{seed}/{width}x{height}/{prompt}")
    picture = Image.new("RGB", (width, height), (20, 30 + dice.randrange(60), 60))
    _mark(picture)
    stream = io.BytesIO()
    picture.save(stream, output_format.upper(), **_SAVE[output_format])
    return stream.getvalue()


def _mark(picture: Image.Image) -> None:
    """A band along the lower edge that says what this is."""
    width, height = picture.size
    band = max(18, min(width, height) // 22)
    draw = ImageDraw.Draw(picture, "RGBA")
    draw.rectangle((0, height - band, width, height), fill=(6, 10, 18, 170))
    draw.text(
        (width / 2, height - band / 2),
        MARK,
        font=font(max(9, int(band * 0.5))),
        anchor="mm",
        fill=(235, 240, 248, 235),
    )
