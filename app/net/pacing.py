"""One pace of Telegram calls per chat, shared by the bot and the channel publisher.

Telegram bears about one message a second in a private chat, 20 a minute in a group or channel and
30 a second overall (core.telegram.org/bots/faq, "My bot is hitting limits"); edits count too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

_ALMOST = 1e-6
_SWEEP_FROM = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """`burst` at once, then `per_second`: at most burst + t * per_second calls in t seconds."""

    burst: int
    per_second: float


PRIVATE = Rate(burst=5, per_second=1.0)
#: 5 + 60 s * 0.25 = 20 in any minute, wherever the minute begins
GROUP = Rate(burst=5, per_second=0.25)
#: 5 + 1 s * 25 = 30 in any second
OVERALL = Rate(burst=5, per_second=25.0)


@dataclass(kw_only=True, slots=True)
class _Bucket:
    """Tokens that come back with time; `parked_until` overrules them."""

    rate: Rate
    tokens: float
    at: float
    parked_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def refill(self, now: float) -> None:
        gained = max(0.0, now - self.at) * self.rate.per_second
        self.tokens = min(float(self.rate.burst), self.tokens + gained)
        self.at = now

    def delay(self, now: float) -> float:
        """Seconds until a call may go."""
        self.refill(now)
        missing = 1.0 - self.tokens
        by_tokens = missing / self.rate.per_second if missing > _ALMOST else 0.0
        return max(by_tokens, self.parked_until - now, 0.0)

    def idle(self, now: float) -> bool:
        self.refill(now)
        full = self.tokens >= self.rate.burst
        return full and self.parked_until <= now and not self.turn.locked()


class ChatPace:
    """Lets calls through chat by chat, first come first served; one slow chat stops no other."""

    def __init__(
        self, *, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        """`now` is a clock in seconds that never jumps; `sleep` waits that many seconds of it."""
        self._now = now
        self._sleep = sleep
        self._overall = _full(OVERALL, now())
        self._chats: dict[int, _Bucket] = {}
        self._sweep_at = _SWEEP_FROM

    async def wait(self, chat_id: int) -> None:
        """Return when one message or edit may be sent to that chat.

        Negative ids are groups and channels. A cancelled wait costs nothing.
        """
        chat = self._chat(chat_id)
        async with chat.turn:
            await self._until_free(chat)
            async with self._overall.turn:
                await self._until_free(self._overall)
                self._overall.tokens -= 1.0
            chat.tokens -= 1.0

    def park(self, chat_id: int, seconds: float) -> None:
        """After a 429: nothing goes to that chat for `seconds`; the others go on."""
        chat = self._chat(chat_id)
        chat.parked_until = max(chat.parked_until, self._now() + seconds)

    async def _until_free(self, bucket: _Bucket) -> None:
        while (delay := bucket.delay(self._now())) > 0.0:
            await self._sleep(delay)

    def _chat(self, chat_id: int) -> _Bucket:
        found = self._chats.get(chat_id)
        if found is not None:
            return found
        if len(self._chats) >= self._sweep_at:
            self._forget_idle()
        fresh = _full(GROUP if chat_id < 0 else PRIVATE, self._now())
        self._chats[chat_id] = fresh
        return fresh

    def _forget_idle(self) -> None:
        now = self._now()
        self._chats = {key: chat for key, chat in self._chats.items() if not chat.idle(now)}
        self._sweep_at = max(_SWEEP_FROM, 2 * len(self._chats))

    def __len__(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)


def _full(rate: Rate, now: float) -> _Bucket:
    return _Bucket(rate=rate, tokens=float(rate.burst), at=now)
