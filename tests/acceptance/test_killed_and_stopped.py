"""kill -9 and SIGTERM at the moments that matter: nothing is lost, paid twice or posted twice."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bot.callback_data import Action
from bot.demo.faults import Fault
from bot.demo.transcript import tell
from tests.acceptance.program import Stage, staged, until
from tests.fakes.vendor import Plan

pytestmark = pytest.mark.process

SECRETS = ("canary-key-7f3a9c51d2", "demo-token-for-the-local-server")


async def typed_time(stage: Stage, words: str) -> float:
    """Pick a time by typing it; when it was confirmed."""
    desk = stage.desk
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    await desk.say(words)
    await desk.told("ask.confirm_time")
    await desk.tap(Action.AT)
    await desk.card_is("scheduled")
    return time.time()


async def drafted(stage: Stage) -> None:
    """A channel is connected and the picture is there."""
    await stage.program.start()
    await stage.desk.connected()
    await stage.desk.painted()


async def test_killed_while_painting_the_same_order_goes_on(stage: Stage) -> None:
    stage.vendor.plan(Plan(seconds=1.5))
    await stage.program.start()
    await stage.desk.say(stage.desk.topic)
    await stage.ordered()
    await until(lambda: stage.rows("SELECT 1 FROM image WHERE state = 'accepted'"), "the handle")
    await stage.program.kill()
    await stage.program.start()
    await stage.desk.card_is("review")
    assert (stage.count("submit"), stage.count("charge")) == (1, 1)


async def test_killed_while_a_post_waits_it_goes_out_once_at_its_time(stage: Stage) -> None:
    await drafted(stage)
    await typed_time(stage, "in 4 seconds")
    due = float(stage.rows("SELECT due FROM delivery")[0][0])
    await stage.program.kill()
    await stage.program.start()
    await until(stage.posts, "the post")
    assert time.time() >= due
    await stage.desk.card_is("published")
    assert sum(stage.posts().values()) == 1


async def test_down_for_longer_than_the_lateness_it_asks_and_sends_nothing(stage: Stage) -> None:
    await drafted(stage)
    await typed_time(stage, "in 2 minutes")
    await stage.program.kill()
    stage.change("UPDATE delivery SET due = due - 3600")
    await stage.program.start()
    await stage.desk.card_is("missed")
    await stage.desk.told("notice.missed")
    assert not stage.posts()
    await stage.desk.tap(Action.POST_AGAIN)
    await stage.desk.card_is("published")
    assert sum(stage.posts().values()) == 1


async def test_killed_after_the_post_left_it_asks_instead_of_posting_again(stage: Stage) -> None:
    await drafted(stage)
    stage.desk.world.faults.order(
        Fault(
            method="sendPhoto",
            kind="timeout",
            chat_id=None,
            seconds=20,
            after=True,
        )
    )
    await stage.desk.tap(Action.NOW)
    await until(stage.posts, "the post")
    await stage.program.kill()
    stage.desk.world.faults.clear()
    await stage.program.start()
    await stage.desk.card_is("unknown")
    await stage.desk.told("notice.unknown")
    assert sum(stage.posts().values()) == 1
    await stage.desk.tap(Action.SEEN)
    await stage.desk.card_is("published")
    assert sum(stage.posts().values()) == 1


async def test_stopped_while_painting_it_ends_soon_and_goes_on_later(stage: Stage) -> None:
    stage.vendor.plan(Plan(seconds=3))
    await stage.program.start()
    await stage.desk.say(stage.desk.topic)
    await stage.ordered()
    ended = await stage.program.stop()
    assert ended.code == 0
    assert ended.seconds < 5
    assert "Traceback" not in ended.err
    await stage.program.start()
    await stage.desk.card_is("review")
    assert (stage.count("submit"), stage.count("charge")) == (1, 1)


async def test_what_was_said_while_it_was_down_is_heard_after_the_start(stage: Stage) -> None:
    await stage.desk.say(stage.desk.topic)
    await stage.program.start()
    await stage.desk.card_is("review")


async def test_a_topic_goes_its_whole_way_and_no_secret_is_seen_at_debug(tmp_path: Path) -> None:
    async with staged(tmp_path, LOG_LEVEL="DEBUG") as stage:
        await drafted(stage)
        scheduled = await typed_time(stage, "in 3 seconds")
        await stage.desk.card_is("published")
        assert time.time() - scheduled < 3 + 2
        assert sum(stage.posts().values()) == 1
        assert (stage.count("submit"), stage.count("charge")) == (1, 1)
        ended = await stage.program.stop()
        assert ended.code == 0
        assert ended.seconds < 2
        assert "Traceback" not in ended.err
        assert "DEBUG" in ended.err
        told = tell(stage.desk.world, None)
        kept = await asyncio.to_thread(contents, tmp_path)
        assert {"bot.db", "log.txt"} <= kept.keys()
        for secret in SECRETS:
            assert secret not in ended.out + told
            assert not [name for name, content in kept.items() if secret.encode() in content]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file the program left."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
