"""What Telegram finds in plain text by itself: commands, hashtags, mentions, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.demo import utf16
from bot.demo.records import Json

ENDINGS = "com|org|net|io|dev|app|ai|co|me|info|tr|de|uk|eu|example"
PATTERNS = (
    ("url", re.compile(r"(?i)\bhttps?://[^\s<>\"']*[^\s<>\"'.,:;!?)\]}]")),
    ("email", re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (
        "url",
        re.compile(
            rf"(?i)(?<![\w@./])(?:[a-z0-9-]+\.)+(?:{ENDINGS})(?![\w-])(?:/[^\s<>\"']*[^\s<>\"'.,:;!?)\]}}])?"
        ),
    ),
    ("mention", re.compile(r"(?<![\w/@.])@[A-Za-z]\w{3,31}\b", re.ASCII)),
    ("hashtag", re.compile(r"(?<![\w#&])#(?=\w*[^\W\d_])\w{1,256}")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?!\w)")),
    (
        "bot_command",
        re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/])", re.ASCII),
    ),
)
OPAQUE = {"code", "pre", "text_link", "text_mention"}


def found(text: str, known: Sequence[Json]) -> list[Json]:
    """Entities outside of code and links that Telegram adds to a text."""
    taken = [_span(entity) for entity in known if entity["type"] in OPAQUE]
    entities = []
    for kind, first, last in _matches(text):
        if all(last <= begin or first >= end for begin, end in taken):
            taken.append((first, last))
            entities.append({"type": kind, "offset": first, "length": last - first})
    return entities


def _matches(text: str) -> Iterator[tuple[str, int, int]]:
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            first = utf16.length(text[: match.start()])
            yield kind, first, first + utf16.length(match.group())


def _span(entity: Json) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]
