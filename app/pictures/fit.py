"""Cuts a painted picture to exactly the size and format that was asked for."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from app.pictures.check import MIMES, opened
from app.pictures.facts import FittedPicture, PictureFacts

_SAVE = {
    "PNG": {"compress_level": 6},
    "JPEG": {"quality": 92, "subsampling": 0, "optimize": True},
    "WEBP": {"quality": 92, "method": 4},
}


def fit_picture(data: bytes, *, width: int, height: int, output_format: str) -> FittedPicture:
    """`data` at exactly `width` x `height` pixels as png, jpeg or webp, without its metadata.

    Cut from the middle and resampled with Lanczos. Bytes that are right already and carry no
    metadata are returned as they are. `ImageDownload` when they are no picture. Blocks.
    """
    wanted = output_format.upper()
    with opened(data) as picture:
        if _is_right(picture, wanted, (width, height)):
            fitted = data
        else:
            fitted = _encoded(_cut(picture, (width, height)), wanted)
    facts = PictureFacts(mime=MIMES[wanted], width=width, height=height, file_size=len(fitted))
    return FittedPicture(data=fitted, facts=facts)


def _is_right(picture: Image.Image, wanted: str, size: tuple[int, int]) -> bool:
    plain = picture.mode in ("RGB", "L") and not _has_metadata(picture)
    return plain and picture.format == wanted and picture.size == size


def _has_metadata(picture: Image.Image) -> bool:
    told = {"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "icc_profile"}
    return bool(told & picture.info.keys() or getattr(picture, "text", None))


def _cut(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    upright = ImageOps.exif_transpose(picture)
    return ImageOps.fit(_as_rgb(upright), size, Image.Resampling.LANCZOS)


def _as_rgb(picture: Image.Image) -> Image.Image:
    """RGB on white: Telegram and JPEG know no transparency, and 16-bit greys need scaling."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 257).convert("L").convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")


def _encoded(picture: Image.Image, wanted: str) -> bytes:
    picture.info = {}
    stream = io.BytesIO()
    picture.save(stream, wanted, **_SAVE[wanted])
    return stream.getvalue()
