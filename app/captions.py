"""The text of a post: caption and hashtags put together, taken apart, and measured."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.errors import InputRefused, TextTooLong

#: Telegram's limit for a photo's caption, in UTF-16 units after entities (Bot API, sendPhoto)
CAPTION_LIMIT = 1024
_HASHTAG = re.compile(r"#\w+", re.UNICODE)


def utf16_length(text: str) -> int:
    """The length in UTF-16 units: an emoji counts two or more."""
    return len(text.encode("utf-16-le")) // 2


def post_text(caption: str, hashtags: Sequence[str]) -> str:
    """The text exactly as it goes out."""
    return "\n\n".join(part for part in (caption, " ".join(hashtags)) if part)


def check_post_text(caption: str, hashtags: Sequence[str]) -> None:
    """Raise `TextTooLong` (length, limit) when a channel would refuse it."""
    length = utf16_length(post_text(caption, hashtags))
    if length > CAPTION_LIMIT:
        raise TextTooLong(length=length, limit=CAPTION_LIMIT, over=length - CAPTION_LIMIT)


def take_apart(text: str) -> tuple[str, tuple[str, ...] | None]:
    """What a person typed as caption and hashtags; None when it ends in no line of hashtags.

    Raises `InputRefused` when nothing is left to say.
    """
    lines = text.strip().splitlines()
    if not lines:
        raise InputRefused("The text is empty.")
    words = lines[-1].split()
    if len(lines) > 1 and words and all(_HASHTAG.fullmatch(word) for word in words):
        return "\n".join(lines[:-1]).strip(), tuple(dict.fromkeys(words))
    return "\n".join(lines), None
