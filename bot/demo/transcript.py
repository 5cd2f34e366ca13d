"""The conversation as text that a person enjoys reading."""

from __future__ import annotations

from bot.demo.world import World


def tell(world: World, chat_id: int | None = None) -> str:
    """Who said, showed, changed and tapped what, oldest first."""
    return ""
