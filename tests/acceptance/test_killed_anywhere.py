"""kill -9 at random moments while people work: the ledgers of vendor and channel must balance."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from bot.callback_data import Action, Press
from bot.demo.people import SimError
from tests.acceptance.program import Stage, staged
from tests.bot.driver import Shown, datas
from tests.fakes.vendor import Plan

pytestmark = pytest.mark.process

#: each run is one start and one kill -9; more with DESK_KILLS=1000
KILLS = int(os.environ.get("DESK_KILLS", "30"))
TOPICS = 16
NAMED = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")
FINAL = ("PUBLISHED", "NOT SURE")
#: sixteen drafts share one chat, which takes one message a second
_SETTLE = 180.0


def topic(number: int) -> str:
    """A topic that is told apart in its caption."""
    return f"Sensor {NAMED[number % 6]} {NAMED[number // 6]} for the greenhouse #iot"


async def play(stage: Stage, rng: random.Random) -> None:
    """A person who says topics now and then, and posts every draft that is offered."""
    said = 0
    while True:
        await asyncio.sleep(rng.uniform(0.05, 0.3))
        if said < TOPICS and rng.random() < 0.1:
            await stage.desk.say(topic(said))
            said += 1
        cards = [m for m in stage.desk.of_bot() if m["photo"] and m["keyboard"]]
        if cards:
            push(stage, rng.choice(cards), rng)


def push(stage: Stage, card: Shown, rng: random.Random) -> None:
    """Tap what brings a card forward; never what only a person at the channel could know."""
    wanted = (Action.NOW, Action.REGENERATE, Action.SHOW)
    found = {Press.unpack(data).action: data for data in datas(card)}
    for action in wanted:
        if action in found and (action is Action.NOW or Action.NOW not in found):
            with contextlib.suppress(SimError):
                for _tap in range(rng.choice((1, 1, 2))):
                    stage.desk.tap_data(card["message_id"], found[action])
            return


def cards(stage: Stage) -> dict[int, str]:
    """What the newest card of each draft says it is."""
    states: dict[int, str] = {}
    for message in stage.desk.of_bot():
        head = re.match(r"#(\d+) · ([A-Z ]+) · v", message["text"])
        if head and message["photo"]:
            states[int(head[1])] = head[2]
    return states


async def settled(stage: Stage) -> None:
    """Wait until every topic came to an end that its card tells."""
    async with asyncio.timeout(_SETTLE):
        while True:
            found = cards(stage)
            if len(found) == TOPICS and all(state in FINAL for state in found.values()):
                return
            await asyncio.sleep(0.05)


async def test_nothing_is_lost_paid_twice_or_posted_twice(tmp_path: Path) -> None:
    seed = int(os.environ.get("DESK_SEED", "20261121"))
    rng = random.Random(seed)
    async with staged(tmp_path) as stage:
        stage.vendor.default = Plan(seconds=0.3)
        await stage.program.start()
        await stage.desk.connected()
        player = asyncio.create_task(play(stage, random.Random(seed + 1)))
        try:
            for _run in range(KILLS):
                await asyncio.sleep(rng.uniform(0.3, 1.2))
                await stage.program.kill()
                await stage.program.start()
            await settled(stage)
        finally:
            player.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await player
        judge(stage)
        await stage.desk.say("/help")
        await stage.desk.until(lambda: "/cancel" in stage.desk.of_bot()[-1]["text"])
        assert (await stage.program.stop()).code == 0


def judge(stage: Stage) -> None:
    """The books of the vendor and of the channel against the desk's own."""
    said = stage.rows("SELECT text FROM topic")
    assert Counter(text for (text,) in said) == Counter(map(topic, range(TOPICS)))
    charged = {entry.job for entry in stage.vendor.ledger.of("charge")}
    known = {job for (job,) in stage.rows("SELECT json_extract(handle, '$.job_id') FROM image")}
    doubtful = stage.rows("SELECT id FROM image WHERE state = 'unknown'")
    assert len(charged - known) <= len(doubtful), "a paid picture was forgotten"
    kept = stage.rows("SELECT state FROM image WHERE handle IS NOT NULL")
    assert {state for (state,) in kept} == {"stored"}
    posts = stage.posts()
    assert max(posts.values(), default=0) <= 1, posts
    states = dict(
        stage.rows(
            "SELECT d.number, group_concat(v.state) FROM draft d "
            "JOIN delivery v ON v.draft_id = d.id GROUP BY d.number"
        )
    )
    published = [number for number, found in states.items() if "published" in found.split(",")]
    unsure = [number for number, found in states.items() if "unknown" in found.split(",")]
    assert len(published) <= sum(posts.values()) <= len(published) + len(unsure)
    assert len(published) + len(unsure) == TOPICS
    assert stage.rows("PRAGMA integrity_check") == [("ok",)]
