"""Every Bot API method the server knows, by its lower-case name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.demo.methods import (
    albums,
    chats,
    commands,
    edits,
    forwards,
    media,
    messages,
    queries,
    receiving,
    topics,
)
from bot.demo.parameters import Call
from bot.demo.world import World

Method = Callable[[World, Call], Any | Awaitable[Any]]

_ALL: Mapping[str, Method] = {
    **receiving.METHODS,
    **messages.METHODS,
    **media.METHODS,
    **albums.METHODS,
    **edits.METHODS,
    **forwards.METHODS,
    **queries.METHODS,
    **chats.METHODS,
    **topics.METHODS,
    **commands.METHODS,
}
METHODS: Mapping[str, Method] = {name.lower(): method for name, method in _ALL.items()}
NAMES: Mapping[str, str] = {name.lower(): name for name in _ALL}
