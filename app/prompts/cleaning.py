"""What a person typed, made safe to work with: one clean line, and the hashtags taken from it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_TOPIC = 500

_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_LINK = re.compile(r"\[([^\[\]]+)\]\(https?://[^()\s]+\)")
_DECORATION = re.compile(r"\*{2,}|`+|~~|__|\|\||^\s*(?:[-•>]|#+)\s+", re.MULTILINE)
HASHTAG = re.compile(r"(?<!\w)[#＃](\w+)")
_TAG_RUN = re.compile(r"(?:\s*(?<!\w)#\w+)+\s*$")
_MENTION = re.compile(r"(?<![\w.])@\w+")
_URL = re.compile(r"(?:https?://|www\.)\S+")


class TopicEmpty(ValueError):
    """The topic holds no word; send a few words about what the post should show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A cleaned topic: its first line without hashtags, and the tags in the order they came."""

    line: str
    tags: tuple[str, ...]


def read_topic(text: str, themes: frozenset[str] = frozenset()) -> Topic:
    """Clean a topic; hashtags of `themes` leave the line, others inside a sentence stay as words.

    The first line that holds a letter is the topic, cut at a word within 500 characters. Raises
    TopicEmpty when no line does.
    """
    cleaned = clean(text)
    tags = tuple(dict.fromkeys(HASHTAG.findall(cleaned)))
    for line in cleaned.splitlines():
        bare = _without_tags(line, themes)
        if any(char.isalpha() for char in bare):
            return Topic(line=_cut(bare), tags=tags)
    raise TopicEmpty("The topic holds no word; send a few words about the post.")


def clean(text: str) -> str:
    """Return text without markup, control, zero-width and direction characters; lines stay."""
    composed = unicodedata.normalize("NFC", _KEYCAP.sub(" ", text))
    kept = "".join(map(_kept, composed))
    plain = _DECORATION.sub("", _MARKUP.sub(" ", _LINK.sub(r"\1", kept)))
    lines = (" ".join(line.split()) for line in plain.splitlines())
    return "\n".join(line for line in lines if line)


def without_addresses(line: str) -> str:
    """Return a line without web addresses and @names, which no picture can show."""
    return " ".join(_URL.sub(" ", line).split())


def _kept(char: str) -> str:
    if char in "\n\r\u2028\u2029":
        return "\n"
    if char == "\t":
        return " "
    category = unicodedata.category(char)
    invisible = category in {"Cc", "Cf", "Cs", "Co", "Cn"} or "\ufe00" <= char <= "\ufe0f"
    return "" if invisible else char


def _without_tags(line: str, themes: frozenset[str]) -> str:
    spaced = _MENTION.sub(" ", line.replace("＃", "#"))
    spoken = _TAG_RUN.sub("", spaced)
    words = HASHTAG.sub(lambda tag: "" if tag[1].lower() in themes else tag[1], spoken)
    return re.sub(r"\s+([,.;:!?])", r"\1", " ".join(words.replace("#", " ").split()))


def _cut(line: str) -> str:
    if len(line) <= LONGEST_TOPIC:
        return line
    return line[: LONGEST_TOPIC + 1].rpartition(" ")[0] or line[:LONGEST_TOPIC]
