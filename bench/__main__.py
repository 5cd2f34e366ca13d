"""`make bench`: how quickly the bot starts and reacts, printed as JSON."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench.bots import Sight, running, stored_at
from bot.demo.server import serve
from bot.demo.world import create_world

STARTS = 3
ROUNDS = 10
BARE_CALLS = 50
#: a long poll is logged when it ends; this call is the last one before the first poll
POLL_BEGINS = "deleteWebhook"
TOPIC = "Cold chain loggers for vaccine transport #iot"

Figures = dict[str, list[float]]


async def measure_desk() -> Figures:
    """Our bot: start, first reaction to a topic, answer to a button, card after the picture."""
    figures: Figures = {}
    for round_number in range(STARTS):
        world = create_world()
        people = [world.add_user(f"Person {n}", None, "en").id for n in range(ROUNDS)]
        async with serve(world) as local, _sight(local.url) as sight:
            with tempfile.TemporaryDirectory() as name:
                async with running(["-m", "bot", "run"], local, Path(name)) as started:
                    polled = (await sight.until(POLL_BEGINS))["at"]
                    _add(figures, "start_to_first_poll", polled - started)
                    if round_number == STARTS - 1:
                        await _measure_topics(sight, Path(name), people, figures)
    return figures


async def _measure_topics(sight: Sight, folder: Path, people: list[int], figures: Figures) -> None:
    """Each round is another person, so that Telegram's pace per chat is not what is measured."""
    for _round in range(BARE_CALLS):
        _add(figures, "bare_call", await sight.round_trip())
    await sight.open_channel()
    for number, person in enumerate(people):
        sight.person_id = person
        said = await sight.say(f"{TOPIC} {number}")
        reaction = (await sight.until("sendPhoto"))["at"] - said
        _add(figures, "topic_to_first_reaction" if number else "first_topic_ever", reaction)
        shown = (await sight.until("editMessageMedia"))["at"]
        _add(figures, "picture_stored_to_card", shown - stored_at(folder))
        _add(figures, "button_to_answer", await sight.tap("Other time"))


async def measure_echo() -> Figures:
    """The peer: a bare python-telegram-bot echo bot with the library's defaults."""
    figures: Figures = {}
    async with serve(create_world()) as local, _sight(local.url) as sight:
        with tempfile.TemporaryDirectory() as name:
            async with running(["-m", "bench.echo"], local, Path(name)) as started:
                polled = (await sight.until(POLL_BEGINS))["at"]
                _add(figures, "start_to_first_poll", polled - started)
                for _round in range(ROUNDS):
                    said = await sight.say(TOPIC)
                    reaction = (await sight.until("sendMessage"))["at"] - said
                    _add(figures, "topic_to_first_reaction", reaction)
                    _add(figures, "button_to_answer", await sight.tap("press"))
    return figures


@asynccontextmanager
async def _sight(url: str) -> AsyncIterator[Sight]:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        state = (await http.get("/sim/state")).json()
        yield Sight(http, state["person"]["id"])


def _add(figures: Figures, name: str, seconds: float) -> None:
    figures.setdefault(name, []).append(seconds)


def report(desk: Figures, echo: Figures) -> Mapping[str, object]:
    """Medians in milliseconds, and how often a bare call and the peer fit into each."""
    bare = statistics.median(desk.pop("bare_call"))
    rows = {}
    for name, seconds in desk.items():
        median = statistics.median(seconds)
        row = {
            "median_ms": round(median * 1000, 2),
            "worst_ms": round(max(seconds) * 1000, 2),
            "runs": len(seconds),
            "times_a_bare_call": round(median / bare, 1),
        }
        if name in echo:
            row["times_the_echo_bot"] = round(median / statistics.median(echo[name]), 2)
        rows[name] = row
    return {
        "ideal": "one bare Bot API call on loopback with a warm httpx client",
        "ideal_ms": round(bare * 1000, 2),
        "peer": "an echo bot of ten lines on python-telegram-bot's defaults, same server",
        "figures": rows,
    }


async def main() -> None:
    """Measure both in one run, because the machine is shared."""
    desk = await measure_desk()
    print(json.dumps(report(desk, await measure_echo()), indent=2))


if __name__ == "__main__":
    asyncio.run(main())
