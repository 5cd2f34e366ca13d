"""The limiter by itself, on a clock of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from telegram.error import BadRequest, RetryAfter

from app.net.pacing import ChatPace
from bot.limiter import MAX_RETRIES, ChatLimiter

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")


class Waits:
    """A clock that notes how long somebody would have waited."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


class Api:
    """A Bot API that answers with what it is told, then with True."""

    def __init__(self, *answers: Exception) -> None:
        self.answers = list(answers)
        self.calls = 0

    async def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        self.calls += 1
        if self.answers:
            raise self.answers.pop(0)
        return True


async def call(limiter: ChatLimiter, api: Api, endpoint: str, chat_id: object) -> Any:
    return await limiter.process_request(api, (), {}, endpoint, {"chat_id": chat_id}, None)


@pytest.fixture
def clock() -> Waits:
    return Waits()


@pytest.fixture
def limiter(clock: Waits) -> ChatLimiter:
    return ChatLimiter(ChatPace(now=clock.now, sleep=clock.sleep))


async def test_twenty_messages_a_minute_go_to_a_group(limiter: ChatLimiter, clock: Waits) -> None:
    for _message in range(20):
        await call(limiter, Api(), "sendMessage", -7)
    assert clock.at <= 60
    await call(limiter, Api(), "sendMessage", -7)
    assert clock.at > 60


async def test_one_a_second_goes_to_a_person_after_the_first_few(
    limiter: ChatLimiter, clock: Waits
) -> None:
    for _message in range(15):
        await call(limiter, Api(), "editMessageCaption", 7)
    assert 9 <= clock.at <= 15


@pytest.mark.parametrize("endpoint", ["answerCallbackQuery", "sendChatAction", "getChatMember"])
async def test_answers_actions_and_reads_never_wait(
    limiter: ChatLimiter, clock: Waits, endpoint: str
) -> None:
    for _call in range(100):
        await call(limiter, Api(), endpoint, -7)
    assert clock.at == 0


@pytest.mark.parametrize("asked", [3, timedelta(seconds=3)])
async def test_a_pause_is_waited_for_and_the_call_made_again(
    limiter: ChatLimiter, clock: Waits, asked: int | timedelta
) -> None:
    api = Api(RetryAfter(asked))
    assert await call(limiter, api, "sendMessage", 7) is True
    assert api.calls == 2
    assert clock.at >= 3


async def test_one_chat_s_pause_delays_no_other(limiter: ChatLimiter, clock: Waits) -> None:
    refused = Api(*[RetryAfter(0)] * (MAX_RETRIES + 1))
    with pytest.raises(RetryAfter):
        await call(limiter, refused, "sendMessage", 7)
    before = clock.at
    await call(limiter, Api(), "sendMessage", 8)
    assert clock.at == before


async def test_endless_pauses_end_in_the_error(limiter: ChatLimiter) -> None:
    api = Api(*[RetryAfter(1)] * 10)
    with pytest.raises(RetryAfter):
        await call(limiter, api, "sendMessage", 7)
    assert api.calls == MAX_RETRIES + 1


async def test_another_refusal_is_not_repeated(limiter: ChatLimiter) -> None:
    api = Api(BadRequest("chat not found"))
    with pytest.raises(BadRequest):
        await call(limiter, api, "sendMessage", 7)
    assert api.calls == 1
