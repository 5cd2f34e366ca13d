"""Failures on order."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.demo.harness import ADA, Bot, People

HUNG_UP = (httpx.RemoteProtocolError, httpx.ReadError)


async def test_a_flood_names_its_seconds_and_passes(bot: Bot, people: People) -> None:
    await people.post("faults", method="sendMessage", kind="429", retry_after=7)
    answer = await bot.answer("sendMessage", chat_id=ADA, text="x")
    assert answer.status_code == 429
    assert answer.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }
    assert await bot.call("sendMessage", chat_id=ADA, text="x")


@pytest.mark.parametrize(
    "kind,description",
    [
        ("500", "Internal Server Error"),
        ("502", "Bad Gateway"),
        ("400", "Bad Request: so it was ordered"),
        ("403", "Forbidden: so it was ordered"),
    ],
)
async def test_an_ordered_answer_is_given(
    bot: Bot, people: People, kind: str, description: str
) -> None:
    await people.post("faults", method="sendmessage", kind=kind, description=description)
    refusal = await bot.refusal("sendMessage", chat_id=ADA, text="x")
    assert refusal == (int(kind), description)
    assert await people.messages() == []


async def test_a_gateways_page_is_no_json(bot: Bot, people: People) -> None:
    await people.post("faults", method="getMe", kind="html")
    answer = await bot.answer("getMe")
    assert answer.status_code == 502
    assert "502 Bad Gateway" in answer.text


@pytest.mark.parametrize("after,arrived", [(False, 0), (True, 1)])
async def test_a_dropped_call_takes_effect_only_if_ordered_so(
    bot: Bot, people: People, after: bool, arrived: int
) -> None:
    await people.post("faults", method="sendMessage", kind="drop", after=after)
    with pytest.raises(HUNG_UP):
        await bot.answer("sendMessage", chat_id=ADA, text="x")
    assert len(await people.messages()) == arrived


async def test_a_flood_after_the_effect_hides_a_message_that_arrived(
    bot: Bot, people: People
) -> None:
    await people.post("faults", method="sendMessage", kind="429", after=True)
    assert (await bot.refusal("sendMessage", chat_id=ADA, text="x"))[0] == 429
    assert len(await people.messages()) == 1


async def test_a_held_call_runs_into_the_clients_timeout(bot: Bot, people: People) -> None:
    await people.post("faults", method="getMe", kind="timeout", seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        await bot.http.post(bot.url("getMe"), timeout=0.05)


async def test_clearing_lets_a_held_call_go_without_an_answer(bot: Bot, people: People) -> None:
    await people.post("faults", method="getMe", kind="timeout", seconds=60)
    held = asyncio.create_task(bot.answer("getMe"))
    await bot.local.world.faults.holding.wait()
    await bot.http.delete("/sim/faults")
    with pytest.raises(HUNG_UP):
        await held
    assert await bot.call("getMe")


@pytest.mark.parametrize(
    "order,struck",
    [
        ({"method": "*"}, [True, False]),
        ({"method": "sendMessage", "times": 2}, [True, True, False]),
        ({"method": "sendMessage", "chat_id": 5}, [False]),
        ({"method": "sendMessage", "chat_id": ADA}, [True, False]),
        ({"method": "sendPhoto"}, [False]),
    ],
)
async def test_a_fault_strikes_the_calls_it_was_ordered_for(
    bot: Bot, people: People, order: dict[str, Any], struck: list[bool]
) -> None:
    await people.post("faults", kind="500", **order)
    for expected in struck:
        answer = await bot.answer("sendMessage", chat_id=ADA, text="x")
        assert (answer.status_code == 500) is expected


async def test_a_struck_call_is_in_the_log(bot: Bot, people: People) -> None:
    await people.post("faults", method="sendMessage", kind="html")
    await bot.answer("sendMessage", chat_id=ADA, text="x")
    (call,) = (await people.get("calls"))["calls"]
    assert (call["status"], call["error"]) == (502, "ordered fault: html")
