"""Telegram counts text in UTF-16 units, not in characters."""

from __future__ import annotations


def length(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text) + sum(1 for letter in text if ord(letter) > 0xFFFF)


def part(text: str, offset: int, size: int) -> str:
    """The piece of a text that an entity names."""
    raw = text.encode("utf-16-le")
    return raw[2 * offset : 2 * (offset + size)].decode("utf-16-le", errors="replace")
