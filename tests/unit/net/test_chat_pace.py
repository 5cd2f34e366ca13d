"""The pace of Telegram calls, by a clock that moves only when somebody sleeps."""

from __future__ import annotations

import asyncio
import heapq

import pytest

from app.net.pacing import ChatPace

PRIVATE, GROUP = 42, -100123


class Time:
    """Sleepers wake in order of their time; nothing really waits."""

    def __init__(self) -> None:
        self.at = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at + seconds, self._count, waking))
        await waking

    async def run(self, *tasks: asyncio.Task[None]) -> None:
        """Let time pass until the tasks are done."""
        while not all(task.done() for task in tasks):
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers and not all(task.done() for task in tasks):
                self.at, _, waking = heapq.heappop(self._sleepers)
                if not waking.done():
                    waking.set_result(None)


class Sending:
    """Sends through a pace and notes when."""

    def __init__(self) -> None:
        self.time = Time()
        self.pace = ChatPace(now=self.time.now, sleep=self.time.sleep)
        self.sent: list[tuple[int, float]] = []

    def begin(self, chat: int, count: int = 1) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._one(chat)) for _ in range(count)]

    async def _one(self, chat: int) -> None:
        await self.pace.wait(chat)
        self.sent.append((chat, round(self.time.at - 1000.0, 3)))

    async def send(self, chat: int, count: int) -> list[float]:
        await self.time.run(*self.begin(chat, count))
        return self.times(chat)

    def times(self, chat: int) -> list[float]:
        return [at for to, at in self.sent if to == chat]


@pytest.fixture
def sending() -> Sending:
    return Sending()


async def test_a_private_chat_bears_five_at_once_then_one_a_second(sending: Sending) -> None:
    assert await sending.send(PRIVATE, 8) == [0, 0, 0, 0, 0, 1, 2, 3]


async def test_a_group_bears_five_at_once_then_one_every_four_seconds(sending: Sending) -> None:
    assert await sending.send(GROUP, 8) == [0, 0, 0, 0, 0, 4, 8, 12]


async def test_no_minute_of_a_group_holds_more_than_twenty(sending: Sending) -> None:
    times = await sending.send(GROUP, 60)
    assert max(sum(1 for t in times if start <= t < start + 60) for start in times) <= 20


async def test_no_second_overall_holds_more_than_thirty(sending: Sending) -> None:
    tasks = [task for chat in range(1, 101) for task in sending.begin(chat)]
    await sending.time.run(*tasks)
    times = [at for _, at in sending.sent]
    assert max(sum(1 for t in times if start <= t < start + 1) for start in times) <= 30


async def test_rest_gives_the_burst_back(sending: Sending) -> None:
    await sending.send(PRIVATE, 5)
    sending.time.at += 60
    assert (await sending.send(PRIVATE, 5))[5:] == [60] * 5


async def test_a_parked_chat_waits_and_no_other_does(sending: Sending) -> None:
    sending.pace.park(GROUP, 30)
    await sending.time.run(*sending.begin(GROUP), *sending.begin(PRIVATE))
    assert (sending.times(PRIVATE), sending.times(GROUP)) == ([0], [30])


async def test_parking_also_holds_those_who_wait_already(sending: Sending) -> None:
    tasks = sending.begin(PRIVATE, 6)
    for _ in range(20):
        await asyncio.sleep(0)
    sending.pace.park(PRIVATE, 10)
    await sending.time.run(*tasks)
    assert sending.times(PRIVATE) == [0, 0, 0, 0, 0, 10]


async def test_a_shorter_park_does_not_end_a_longer_one(sending: Sending) -> None:
    sending.pace.park(PRIVATE, 30)
    sending.pace.park(PRIVATE, 1)
    assert await sending.send(PRIVATE, 1) == [30]


async def test_who_comes_first_goes_first(sending: Sending) -> None:
    order: list[int] = []

    async def one(number: int) -> None:
        await sending.pace.wait(PRIVATE)
        order.append(number)

    await sending.time.run(*(asyncio.create_task(one(number)) for number in range(12)))
    assert order == list(range(12))


async def test_a_cancelled_wait_costs_nothing(sending: Sending) -> None:
    tasks = sending.begin(PRIVATE, 7)
    for _ in range(20):
        await asyncio.sleep(0)
    tasks[5].cancel()
    await sending.time.run(*tasks)
    assert sending.times(PRIVATE) == [0, 0, 0, 0, 0, 1]


async def test_idle_chats_are_forgotten(sending: Sending) -> None:
    for chat in range(1, 5001):
        sending.time.at += 10
        await sending.pace.wait(chat)
    assert len(sending.pace) <= 600
