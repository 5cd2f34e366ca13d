"""`make demo`: one topic played through the real bot over real HTTP, then the chat page."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import httpx
from PIL import Image
from pydantic import SecretStr
from tzlocal import get_localzone_name

from app.container import open_services
from app.errors import DeskError
from app.settings import Settings
from bot.application import running_bot
from bot.callback_data import Action
from bot.demo.server import LocalTelegram, serve
from bot.demo.world import DEMO_TOKEN, create_world

TOPIC = "Soil moisture sensors that cut greenhouse irrigation by a third #iot"
WHEN = "in 8 seconds"
#: as long as a vendor seems to take, so that the newcomer sees "painting"
PREVIEW_SECONDS = 1.5
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.05

Message = Mapping[str, Any]
T = TypeVar("T")


async def show(*, port: int, once: bool, open_browser: bool, folder: Path) -> None:
    """Play the script, write its results to `folder`, serve the page until Ctrl-C or `once`."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    world = create_world()
    async with serve(world, "127.0.0.1", port, next_free_port=True) as local, _bot(local):
        script = asyncio.create_task(_play(local, folder))
        await _either(script, stop)
        if stop.is_set():
            return
        script.result()
        _print_results(folder)
        if once:
            return
        click.echo(f"\nThe chat page is at {local.url} (Ctrl-C ends it)")
        if open_browser and sys.stdout.isatty() and os.environ.get("DISPLAY"):
            webbrowser.open(local.url)
        await stop.wait()


@asynccontextmanager
async def _bot(local: LocalTelegram) -> AsyncIterator[None]:
    """The real bot with a database of its own, and nothing of the reader's `.env`."""
    scratch = Path(tempfile.mkdtemp(prefix="post-desk-"))
    settings = Settings.model_construct(
        telegram_bot_token=SecretStr(DEMO_TOKEN),
        telegram_api_base_url=local.url,
        owner_ids=frozenset({local.world.person.id}),
        database_url=f"sqlite+aiosqlite:///{scratch / 'bot.db'}",
        outputs_dir=scratch,
        timezone=get_localzone_name() or "UTC",
    )
    try:
        async with (
            open_services(settings, owner="run", preview_seconds=PREVIEW_SECONDS) as services,
            running_bot(services),
        ):
            yield
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _either(script: asyncio.Task[None], stop: asyncio.Event) -> None:
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({script, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if stop.is_set():
        script.cancel()
        await asyncio.gather(script, return_exceptions=True)


async def _play(local: LocalTelegram, folder: Path) -> None:
    """The person's side of one post's life."""
    async with httpx.AsyncClient(base_url=local.url, trust_env=False) as http:
        person = Person(http)
        await person.arrive()
        await person.invite_bot()
        await person.say(TOPIC)
        await person.card_says("DRAFT")
        await person.tap(Action.REGENERATE)
        card = await person.card_says("DRAFT", " · v2 · ")
        await person.save_photo(card, folder / "draft.png")
        await person.tap(Action.TIMES)
        await person.tap(Action.TYPE_TIME)
        await person.asked("go out")
        await person.say(WHEN)
        await person.asked("OK?")
        await person.tap(Action.AT)
        post = await person.channel_post()
        await person.card_says("PUBLISHED")
        await person.save_photo(post, folder / "post.png")
        await person.save_transcript(folder / "transcript.txt")


class ScriptStuck(DeskError):
    """The bot did not do what the script expects; the log above says more."""

    code = "script_stuck"


class Person:
    """Somebody who plays the scripted part through the local server's `/sim`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """`http` speaks to the local server."""
        self._http = http
        self._id = 0
        self._channel = 0

    async def arrive(self) -> None:
        """Find out who and where we are."""
        state = (await self._get("/sim/state")).json()
        self._id = state["person"]["id"]
        self._channel = next(c["id"] for c in state["chats"] if c["type"] == "channel")

    async def invite_bot(self) -> None:
        """Make the bot an administrator of the channel; it says that it noticed."""
        await self._post("/sim/promote", chat_id=self._channel, can_post_messages=True)
        await self.asked("connected")

    async def say(self, text: str) -> None:
        """Type something."""
        await self._post("/sim/say", chat_id=self._id, user_id=self._id, text=text)

    async def tap(self, action: Action) -> None:
        """Press the newest button of that action."""
        message, data = await self._until(lambda found: _newest_button(found, action))
        await self._post(
            "/sim/tap",
            chat_id=self._id,
            message_id=message["message_id"],
            user_id=self._id,
            data=data,
            wait=PATIENCE_SECONDS,
        )

    async def card_says(self, *words: str) -> Message:
        """Wait for a card with these words."""
        return await self._until(lambda found: _last_with(found, words, photo=True))

    async def asked(self, words: str) -> Message:
        """Wait for a message of the bot with these words."""
        return await self._until(lambda found: _last_with(found, (words,), photo=False))

    async def channel_post(self) -> Message:
        """Wait for the post."""
        return await self._until(
            lambda found: next((m for m in found if m["photo"]), None), chat_id=self._channel
        )

    async def save_photo(self, message: Message, path: Path) -> None:
        """Keep a message's picture as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = path.with_suffix(".part")
        raw.write_bytes((await self._get(message["photo"]["url"])).content)
        await asyncio.to_thread(_as_png, raw, path)
        raw.unlink()

    async def save_transcript(self, path: Path) -> None:
        """Keep the conversation as text."""
        words = (await self._get("/sim/transcript")).text
        await asyncio.to_thread(path.write_text, words, encoding="utf-8")

    async def _until(
        self, find: Callable[[list[Message]], T | None], *, chat_id: int | None = None
    ) -> T:
        """What `find` makes of the chat, as soon as it is something."""
        chat = self._id if chat_id is None else chat_id
        for _look in range(round(PATIENCE_SECONDS / LOOK_SECONDS)):
            found = (await self._get(f"/sim/chats/{chat}/messages")).json()["messages"]
            if (result := find(found)) is not None:
                return result
            await asyncio.sleep(LOOK_SECONDS)
        raise ScriptStuck

    async def _get(self, path: str) -> httpx.Response:
        return (await self._http.get(path)).raise_for_status()

    async def _post(self, path: str, **body: Any) -> None:
        response = await self._http.post(path, json=body, timeout=PATIENCE_SECONDS + 5)
        response.raise_for_status()


def _newest_button(messages: list[Message], action: Action) -> tuple[Message, str] | None:
    for message in reversed(messages):
        for row in message["keyboard"]:
            for button in row:
                if (button["data"] or "").split("|")[1:2] == [action.value]:
                    return message, button["data"]
    return None


def _last_with(messages: list[Message], words: tuple[str, ...], *, photo: bool) -> Message | None:
    for message in reversed(messages):
        fits = bool(message["photo"]) is photo and not message["out"]
        if fits and all(word in (message["text"] or "") for word in words):
            return message
    return None


def _as_png(source: Path, target: Path) -> None:
    with Image.open(source, formats=("JPEG", "PNG", "WEBP")) as picture:
        picture.save(target, "PNG")


def _print_results(folder: Path) -> None:
    click.echo("One topic, from the chat to the channel:")
    for name in ("transcript.txt", "draft.png", "post.png"):
        click.echo(f"  {folder / name}")
