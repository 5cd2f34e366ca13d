"""A picture that comes inside the answer: `{"data": [{"b64_json": ...} or {"url": ...}]}`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from app.errors import ImageProtocol
from app.net.client import MAX_JSON
from app.net.fetch import MAX_PICTURE

#: raw bytes of an answer: the largest picture in base64, and the JSON around it
MAX_REPLY = MAX_PICTURE * 4 // 3 + MAX_JSON


def picture_in(answer: Mapping[str, Any], *, provider: str) -> bytes | str | None:
    """The first picture: its bytes, else its URL, else None; `ImageProtocol` for broken base64.

    A data-URL prefix is taken off: ModelVerse's own example has one (MV-docs).
    """
    entries = answer.get("data")
    first = entries[0] if isinstance(entries, list) and entries else None
    if not isinstance(first, Mapping):
        return None
    text, url = first.get("b64_json"), first.get("url")
    if isinstance(text, str) and text:
        return _decoded(text, provider)
    return url if isinstance(url, str) and url else None


def _decoded(text: str, provider: str) -> bytes:
    if text.startswith("data:"):
        _, _, text = text.partition(",")
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageProtocol("the picture's base64 is broken", provider=provider) from error
    if not data:
        raise ImageProtocol("the picture is empty", provider=provider)
    return data
