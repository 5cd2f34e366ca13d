"""Telegram's MarkdownV2, as strict as Telegram is about its reserved characters."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.demo import utf16
from bot.demo.records import Json

RESERVED = "_*[]()~`>#+-=|{}.!"
MARKS = (
    ("__", "underline", "Underline"),
    ("_", "italic", "Italic"),
    ("*", "bold", "Bold"),
    ("~", "strikethrough", "Strikethrough"),
    ("||", "spoiler", "Spoiler"),
    ("```", "pre", "Pre"),
    ("`", "code", "Code"),
    ("[", "text_link", "TextUrl"),
)
VERBATIM = {"code", "pre"}


@dataclass(kw_only=True)
class _Open:
    mark: str
    kind: str
    title: str
    offset: int
    byte: int
    language: str = ""


@dataclass(kw_only=True)
class _Reader:
    source: str
    position: int = 0
    text: list[str] = field(default_factory=list)
    size: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)
    quote: int | None = None

    def write(self, piece: str) -> None:
        self.text.append(piece)
        self.size += utf16.length(piece)

    def ahead(self, piece: str) -> bool:
        return self.source.startswith(piece, self.position)

    def byte(self) -> int:
        return len(self.source[: self.position].encode())


def parse_markdown(source: str) -> tuple[str, list[Json]]:
    """Plain text and entities; ValueError in Telegram's words."""
    reader = _Reader(source=source)
    while reader.position < len(source):
        _step(reader)
    if reader.open:
        last = reader.open[-1]
        raise ValueError(f"Can't find end of {last.title} entity at byte offset {last.byte}")
    _end_quote(reader)
    return "".join(reader.text), reader.entities


def _step(reader: _Reader) -> None:
    letter = reader.source[reader.position]
    following = reader.source[reader.position + 1 : reader.position + 2]
    if letter == "\\" and following and ord(following) <= 126:
        reader.write(following)
        reader.position += 2
    elif reader.open and reader.open[-1].kind in VERBATIM:
        _verbatim(reader, letter)
    elif letter == "\n":
        _line_end(reader)
    elif letter in RESERVED:
        _special(reader, letter)
    else:
        _plain(reader, letter)


def _plain(reader: _Reader, letter: str) -> None:
    reader.write(letter)
    reader.position += 1


def _verbatim(reader: _Reader, letter: str) -> None:
    if letter != "`":
        _plain(reader, letter)
    elif reader.ahead(reader.open[-1].mark):
        _close(reader)
    else:
        raise ValueError("Character '`' is reserved and must be escaped with the preceding '\\'")


def _line_end(reader: _Reader) -> None:
    if (
        reader.quote is not None
        and reader.source[reader.position + 1 : reader.position + 2] != ">"
    ):
        _end_quote(reader)
    _plain(reader, "\n")


def _end_quote(reader: _Reader) -> None:
    if reader.quote is not None and reader.size > reader.quote:
        _add(reader, {"type": "blockquote", "offset": reader.quote})
    reader.quote = None


def _special(reader: _Reader, letter: str) -> None:
    at_line_start = not reader.text or reader.text[-1] == "\n"
    if letter == ">" and at_line_start:
        reader.quote = reader.size if reader.quote is None else reader.quote
        reader.position += 1
    elif _ends(reader):
        _close(reader)
    elif letter == "!" and reader.ahead("!["):
        _start(reader, "![", "custom_emoji", "CustomEmoji")
    elif mark := next((mark for mark in MARKS if reader.ahead(mark[0])), None):
        _start(reader, *mark)
    else:
        raise ValueError(
            f"Character '{letter}' is reserved and must be escaped with the preceding '\\'"
        )


def _ends(reader: _Reader) -> bool:
    if not reader.open:
        return False
    mark = reader.open[-1].mark
    if mark in {"[", "!["}:
        return reader.ahead("]")
    return reader.ahead(mark) and not (mark == "_" and reader.ahead("__"))


def _start(reader: _Reader, mark: str, kind: str, title: str) -> None:
    opened = _Open(mark=mark, kind=kind, title=title, offset=reader.size, byte=reader.byte())
    reader.position += len(mark)
    if kind == "pre":
        opened.language = _language(reader)
    reader.open.append(opened)


def _language(reader: _Reader) -> str:
    line, newline, _ = reader.source[reader.position :].partition("\n")
    if not newline or "`" in line or any(letter.isspace() for letter in line):
        return ""
    reader.position += len(line) + 1
    return line


def _close(reader: _Reader) -> None:
    opened = reader.open.pop()
    entity: Json = {"type": opened.kind, "offset": opened.offset}
    if opened.language:
        entity["language"] = opened.language
    if opened.mark in {"[", "!["}:
        reader.position += 1
        entity |= _target(reader, opened)
    else:
        reader.position += len(opened.mark)
    if "url" in entity or opened.kind != "text_link":
        _add(reader, entity)


def _target(reader: _Reader, opened: _Open) -> Json:
    url = utf16.part("".join(reader.text), opened.offset, reader.size - opened.offset)
    if reader.ahead("("):
        url = _address(reader)
    if opened.kind == "custom_emoji":
        return {"custom_emoji_id": url.rpartition("id=")[2]}
    return {"url": url} if "." in url or ":" in url else {}


def _address(reader: _Reader) -> str:
    begin = reader.byte()
    reader.position += 1
    letters: list[str] = []
    while reader.position < len(reader.source):
        letter = reader.source[reader.position]
        reader.position += 1
        if letter == ")":
            return "".join(letters)
        if letter == "\\" and reader.position < len(reader.source):
            letter = reader.source[reader.position]
            reader.position += 1
        letters.append(letter)
    raise ValueError(f"Can't find end of a URL at byte offset {begin}")


def _add(reader: _Reader, entity: Json) -> None:
    size = reader.size - entity["offset"]
    if size:
        reader.entities.append({**entity, "length": size})
