"""Formatted text: parse modes and given entities become plain text and sorted entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.demo import detect, utf16
from bot.demo.html_markup import parse_html
from bot.demo.markdown_markup import parse_markdown
from bot.demo.parameters import Call
from bot.demo.records import Json
from bot.demo.refusals import Refusal, bad_request

NAMED = {
    "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote",
    "expandable_blockquote", "text_link", "text_mention", "custom_emoji", "date_time",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Formatted:
    """Text as people see it, and what is special about its parts."""

    text: str = ""
    entities: tuple[Json, ...] = ()

    @property
    def size(self) -> int:
        """Its length as Telegram counts."""
        return utf16.length(self.text)


def formatted(call: Call, text_name: str, entities_name: str) -> Formatted:
    """The text of a call, by its `parse_mode` or its entities."""
    return build(call.text(text_name), call.text("parse_mode"), call.rows(entities_name))


def build(text: str, parse_mode: str = "", given: list[Json] | None = None) -> Formatted:
    """Applies a parse mode (or, without one, the given entities) and finds links and tags."""
    text = text.replace("\r", "")
    mode = parse_mode.lower()
    try:
        if mode == "html":
            text, entities = parse_html(text)
        elif mode == "markdownv2":
            text, entities = parse_markdown(text)
        elif mode:
            raise bad_request("unsupported parse_mode")
        else:
            entities = _checked(text, given or [])
    except ValueError as error:
        raise _unparsed(error) from error
    text, entities = trimmed(text, entities)
    return Formatted(text=text, entities=_sorted(entities + detect.found(text, entities)))


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Without white space around the text; entities move and shrink along."""
    kept = text.rstrip()
    end = utf16.length(kept)
    lead = utf16.length(kept) - utf16.length(kept.lstrip())
    moved = []
    for entity in entities:
        first = max(entity["offset"], lead)
        last = min(entity["offset"] + entity["length"], end)
        if last > first:
            moved.append({**entity, "offset": first - lead, "length": last - first})
    return kept.lstrip(), moved


def _checked(text: str, given: list[Json]) -> list[Json]:
    end = utf16.length(text)
    for entity in given:
        if not _inside(entity, end):
            raise ValueError("an entity begins or ends outside of the text")
    # What Telegram finds by itself it ignores when it is given.
    return [
        {key: value for key, value in entity.items() if value is not None}
        for entity in given
        if entity.get("type") in NAMED and entity["length"] > 0
    ]


def _inside(entity: Any, end: int) -> bool:
    if not isinstance(entity, dict):
        return False
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(length, int):
        return False
    return offset >= 0 and length >= 0 and offset + length <= end


def _sorted(entities: list[Json]) -> tuple[Json, ...]:
    return tuple(sorted(entities, key=lambda e: (e["offset"], -e["length"], e["type"])))


def _unparsed(error: ValueError) -> Refusal:
    return bad_request(f"can't parse entities: {error}")
