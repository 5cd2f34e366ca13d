"""What a file of unknown origin really is: decoded whole, measured, refused if not a picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from app.errors import ImageDownload
from app.pictures.facts import PictureFacts

#: the only decoders a vendor's bytes may reach (reliability.md 0.4)
FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 16_800_000
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def check_picture(data: bytes) -> PictureFacts:
    """Decode every pixel and measure; `ImageDownload` when that is impossible or unwise.

    Blocks: run it through `PictureWorker`.
    """
    with opened(data) as picture:
        return PictureFacts(
            mime=MIMES[picture.format or ""],
            width=picture.width,
            height=picture.height,
            file_size=len(data),
        )


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """The decoded picture. `ImageDownload` for anything but a whole JPEG, PNG or WebP."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            _refuse_large(picture)
            picture.load()
    except ImageDownload:
        raise
    except Exception as error:
        # Decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        raise ImageDownload(f"not a usable picture ({type(error).__name__})") from error
    with picture:
        yield picture


def _refuse_large(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageDownload(f"{picture.width} x {picture.height} pixels are too many")
