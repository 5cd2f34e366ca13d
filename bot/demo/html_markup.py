"""Telegram's HTML: the few tags it knows, and its words for everything else."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from bot.demo import utf16
from bot.demo.records import Json

TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough",
    "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler", "code": "code",
    "pre": "pre", "blockquote": "blockquote", "a": "text_link", "tg-emoji": "custom_emoji",
}  # fmt: skip
REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));")
ATTRIBUTE = re.compile(r"""\s*([^\s=>]*)\s*(?:(=)\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?""")
LINK = re.compile(r"(?i)(https?|tg|ton|mailto|tel):|^[\w-]+(\.[\w-]+)+")


@dataclass(kw_only=True)
class _Open:
    tag: str
    offset: int
    attributes: dict[str, str]


@dataclass(kw_only=True)
class _Reader:
    source: str
    position: int = 0
    text: list[str] = field(default_factory=list)
    size: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)

    def byte(self, position: int) -> int:
        return len(self.source[:position].encode())

    def write(self, piece: str) -> None:
        self.text.append(piece)
        self.size += utf16.length(piece)


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Plain text and entities; ValueError in Telegram's words."""
    reader = _Reader(source=source)
    while reader.position < len(source):
        following = source.find("<", reader.position)
        end = len(source) if following < 0 else following
        reader.write(_unescaped(source[reader.position : end]))
        reader.position = end
        if end < len(source):
            _read_tag(reader)
    if reader.open:
        tag = reader.open[-1].tag
        raise ValueError(f'Can\'t find end tag corresponding to start tag "{tag}"')
    return "".join(reader.text), _merged(reader.entities)


def _unescaped(piece: str) -> str:
    return REFERENCE.sub(lambda match: html.unescape(match.group()), piece)


def _read_tag(reader: _Reader) -> None:
    if reader.source.startswith("</", reader.position):
        _close(reader)
    else:
        _open(reader)


def _open(reader: _Reader) -> None:
    begin = reader.byte(reader.position)
    match = re.compile(r"<([^\s>]*)").match(reader.source, reader.position)
    if match is None or match.end() >= len(reader.source):
        raise ValueError(f"Unclosed start tag at byte offset {begin}")
    tag = match[1].lower()
    if tag not in TYPES:
        raise ValueError(f'Unsupported start tag "{tag}" at byte offset {begin}')
    reader.position = match.end()
    attributes = _attributes(reader, tag, begin)
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise ValueError(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
    reader.open.append(_Open(tag=tag, offset=reader.size, attributes=attributes))


def _attributes(reader: _Reader, tag: str, begin: int) -> dict[str, str]:
    attributes: dict[str, str] = {}
    source = reader.source
    while True:
        while source[reader.position : reader.position + 1].isspace():
            reader.position += 1
        if reader.position >= len(source):
            raise ValueError(f'Unclosed start tag "{tag}" at byte offset {begin}')
        if source[reader.position] == ">":
            reader.position += 1
            return attributes
        name, value = _attribute(reader, tag, begin)
        attributes[name] = value


def _attribute(reader: _Reader, tag: str, begin: int) -> tuple[str, str]:
    match = ATTRIBUTE.match(reader.source, reader.position)
    if match is None or not match[1]:
        raise ValueError(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
    name, bare = match[1].lower(), tag == "blockquote" and match[1].lower() == "expandable"
    if match[2] is None and not bare:
        raise ValueError(
            "Expected equal sign in declaration of an attribute of the tag "
            f'"{tag}" at byte offset {begin}'
        )
    reader.position = match.end()
    if (match[5] or "").startswith(("'", '"')):
        raise ValueError(f"Unclosed start tag at byte offset {begin}")
    return name, _unescaped(match[3] or match[4] or match[5] or "")


def _close(reader: _Reader) -> None:
    begin = reader.byte(reader.position)
    if not reader.open:
        raise ValueError(f"Unexpected end tag at byte offset {begin}")
    match = re.compile(r"</([^\s>]*)\s*>").match(reader.source, reader.position)
    if match is None:
        raise ValueError(f"Unclosed end tag at byte offset {begin}")
    opened = reader.open.pop()
    if match[1] and match[1].lower() != opened.tag:
        raise ValueError(
            f'Unmatched end tag at byte offset {begin}, expected "</{opened.tag}>", '
            f'found "</{match[1].lower()}>"'
        )
    reader.position = match.end()
    entity = _entity(reader, opened)
    if entity and entity["length"]:
        reader.entities.append(entity)


def _entity(reader: _Reader, opened: _Open) -> Json | None:
    shape: Json = {
        "type": TYPES[opened.tag],
        "offset": opened.offset,
        "length": reader.size - opened.offset,
    }
    if opened.tag == "a":
        return _link(reader, opened, shape)
    if opened.tag == "tg-emoji":
        return {**shape, "custom_emoji_id": opened.attributes.get("emoji-id", "")}
    if opened.tag == "blockquote" and "expandable" in opened.attributes:
        return {**shape, "type": "expandable_blockquote"}
    language = opened.attributes.get("class", "")
    if opened.tag == "code" and language.startswith("language-"):
        return {**shape, "language": language.removeprefix("language-")}
    return shape


def _link(reader: _Reader, opened: _Open, shape: Json) -> Json | None:
    target = opened.attributes.get("href") or utf16.part(
        "".join(reader.text), shape["offset"], shape["length"]
    )
    # Telegram silently leaves a link without a usable address as plain text.
    return {**shape, "url": target} if LINK.search(target) else None


def _merged(entities: list[Json]) -> list[Json]:
    """`<pre><code class="language-x">` is one entity with a language."""
    pres = {(e["offset"], e["length"]): e for e in entities if e["type"] == "pre"}
    merged = []
    for entity in entities:
        pre = pres.get((entity["offset"], entity["length"]))
        if entity["type"] == "code" and pre is not None:
            if "language" in entity:
                pre["language"] = entity["language"]
            continue
        merged.append(
            {k: v for k, v in entity.items() if k != "language" or entity["type"] == "pre"}
        )
    return [_with_language(entity, pres) for entity in merged]


def _with_language(entity: Json, pres: dict[tuple[int, int], Json]) -> Json:
    return pres[entity["offset"], entity["length"]] if entity["type"] == "pre" else entity
