"""What the programs say to whoever starts them."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.acceptance.program import Program, Stage, until

pytestmark = pytest.mark.process

DEMO = ("demo", "--port", "0", "--folder", "results")


async def test_without_a_token_it_says_what_to_do_in_one_sentence(tmp_path: Path) -> None:
    async with Program(tmp_path, {}) as program:
        ended = await program.run()
    assert ended.code == 1
    assert re.fullmatch(r"Error: TELEGRAM_BOT_TOKEN is not set: .+make demo.+\n", ended.err)


async def test_a_wrong_token_is_said_in_one_sentence(stage: Stage) -> None:
    stage.program.environment["TELEGRAM_BOT_TOKEN"] = "42:not-the-token-of-anybody-at-all"
    ended = await stage.program.run()
    assert ended.code == 1
    assert re.fullmatch(r"Error: Telegram does not accept TELEGRAM_BOT_TOKEN\. .+\n", ended.err)


async def test_an_unreachable_telegram_is_said_in_one_sentence(tmp_path: Path) -> None:
    nowhere = {
        "TELEGRAM_BOT_TOKEN": "42:demo",
        "OWNER_IDS": "1001",
        "TELEGRAM_API_BASE_URL": "http://127.0.0.1:9",
    }
    async with Program(tmp_path, nowhere) as program:
        ended = await program.run()
    assert ended.code == 1
    assert re.fullmatch(r"Error: Telegram cannot be reached .+\n", ended.err)


@pytest.mark.parametrize(
    "name,value",
    [("TIMEZONE", "Mars/Olympus"), ("OWNER_IDS", "Ada"), ("LANGUAGE", "fr"), ("LOG_LEVEL", "ALL")],
)
async def test_a_malformed_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    async with Program(tmp_path, {"TELEGRAM_BOT_TOKEN": "42:demo", name: value}) as program:
        ended = await program.run()
    assert ended.code == 1
    assert re.fullmatch(rf"Error: {name} .+\n", ended.err)


async def test_a_second_bot_on_the_same_database_is_refused(stage: Stage) -> None:
    await stage.program.start()
    await stage.desk.connected()
    async with Program(stage.program.folder, stage.program.environment) as second:
        second.log = stage.program.folder / "second.txt"
        ended = await second.run()
    assert ended.code == 1
    assert re.fullmatch(r"Error: Another bot runs on this database already\. .+\n", ended.err)
    await stage.desk.say("/queue")
    await stage.desk.told("queue.none")


async def test_without_owners_it_tells_how_to_become_one(stage: Stage) -> None:
    del stage.program.environment["OWNER_IDS"]
    await stage.program.start()
    await stage.desk.say("/start")
    await stage.desk.told("stranger.line")
    ended = await stage.program.stop()
    assert "OWNER_IDS is empty" in ended.err
    assert ended.code == 0


async def test_the_demonstration_leaves_its_three_files_with_and_without_its_page(
    tmp_path: Path,
) -> None:
    """Both at once, for the script takes its time."""
    once, page = tmp_path / "once", tmp_path / "page"
    async with asyncio.TaskGroup() as both:
        both.create_task(plays_once(once))
        both.create_task(ends_at_ctrl_c(page))


async def plays_once(folder: Path) -> None:
    async with Program(folder, {}) as program:
        ended = await program.run(*DEMO, "--once")
    assert (ended.code, ended.err) == (0, "")
    look_at_results(folder / "results")


async def ends_at_ctrl_c(folder: Path) -> None:
    async with Program(folder, {}) as program:
        await page_ends(program, folder)


async def page_ends(program: Program, folder: Path) -> None:
    process = await program.start(*DEMO, "--no-open")
    assert process.stdout is not None
    address = ""
    while not address:
        line = (await process.stdout.readline()).decode()
        assert line, program.log.read_text("utf-8")
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        address = found[0] if found else ""
    look_at_results(folder / "results")
    async with (
        httpx.AsyncClient(trust_env=False, timeout=20) as http,
        http.stream("GET", f"{address}/sim/events") as events,
    ):
        assert await anext(events.aiter_lines())
        ended = await program.stop(signal.SIGINT)
    assert (ended.code, ended.err) == (0, "")
    assert ended.seconds < 2


def look_at_results(results: Path) -> None:
    assert sorted(p.name for p in results.iterdir()) == ["draft.png", "post.png", "transcript.txt"]
    for name in ("draft.png", "post.png"):
        with Image.open(results / name, formats=("PNG",)) as picture:
            assert min(picture.size) >= 512
    told = (results / "transcript.txt").read_text("utf-8")
    for words in ("Soil moisture sensors", "PUBLISHED", "Meridian Sensors", "in 8 seconds"):
        assert words in told
    assert "token" not in told
    assert re.match(r"\d\d:\d\d  \S", told)


async def test_ctrl_c_in_the_middle_of_the_script_is_silent(tmp_path: Path) -> None:
    async with Program(tmp_path, {}) as program:
        await program.start(*DEMO, "--no-open")
        await until(lambda: _listens(program.process.pid), "its server")
        ended = await program.stop(signal.SIGINT)
    assert (ended.code, ended.err) == (0, "")


def _listens(pid: int) -> bool:
    """Whether the process has opened its sockets, and so its signal handlers."""
    folder = Path("/proc") / str(pid) / "fd"
    return (
        sum("socket:" in str(link.readlink()) for link in folder.iterdir() if link.is_symlink())
        > 2
    )
