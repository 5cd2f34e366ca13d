"""PTB's calls at the pace Telegram allows each chat; a 429 in one chat delays no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from app.net.pacing import ChatPace

log = logging.getLogger(__name__)

MAX_RETRIES = 3
#: calls that put something into a chat; reads, answers and chat actions go at once
_PACED = ("send", "edit", "copy", "forward")
_UNPACED = ("sendChatAction", "sendMessageDraft")


class ChatLimiter(BaseRateLimiter[None]):
    """Waits for the chat's turn before each send or edit."""

    def __init__(self, pace: ChatPace) -> None:
        """`pace` is shared with the channel publisher: they have one token."""
        self._pace = pace

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> Any:
        """Make the call in its turn; after a 429 park that chat and try again."""
        chat_id = data.get("chat_id")
        paced = endpoint.startswith(_PACED) and endpoint not in _UNPACED
        retries = 0
        while True:
            if paced and isinstance(chat_id, int):
                await self._pace.wait(chat_id)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                if not isinstance(chat_id, int) or retries == MAX_RETRIES:
                    raise
                self._park(chat_id, error)
                retries += 1

    def _park(self, chat_id: int, error: RetryAfter) -> None:
        asked = error.retry_after
        seconds = asked.total_seconds() if isinstance(asked, timedelta) else float(asked)
        log.warning("Telegram asks chat %s for a pause of %s s", chat_id, seconds)
        self._pace.park(chat_id, seconds)
