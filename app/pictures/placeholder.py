"""The wordless picture that a card shows while FLUX paints."""

from __future__ import annotations

import io

from PIL import Image


def placeholder() -> bytes:
    """1024 x 1024 pixels of JPEG, always the same. Blocks for a moment."""
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((1024, 1024)).convert("RGB").save(stream, "JPEG", quality=88)
    return stream.getvalue()
