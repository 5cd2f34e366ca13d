"""Who plays the other side: the demo server in its own thread, and a bot of plain HTTP calls."""

from __future__ import annotations

import asyncio
import io
import json
import math
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
from PIL import Image, ImageDraw

from bot.demo.server import serve
from bot.demo.world import create_world

Json = dict[str, Any]
Keyboard = dict[str, list[list[Json]]]
TURKISH = (
    "<b>#41 · DRAFT v2</b> · theme IoT · 6 credits\n"
    "Her damla sayılır. Sensör destekli sulama ile seranızda suyu tam zamanında kullanın: "
    "ilk sezonda %30'a varan tasarruf.\n\n#IoT #AkıllıTarım"
)
ENGLISH = (
    "<b>Zero-downtime deploys for small teams</b>\nTwo machines, one health check and a little "
    "patience: how we ship on a Friday and still sleep.\n\n#tech #devops"
)
SKIES = (
    ((247, 190), (214, 176), (170, 182)),
    ((186, 226), (212, 226), (236, 224)),
    ((238, 178), (206, 152), (186, 178)),
)


def keys(*rows: list[Json]) -> Keyboard:
    """An inline keyboard of these rows."""
    return {"inline_keyboard": list(rows)}


CARD = keys(
    [{"text": "Approve · Tue 24 Nov 10:00", "callback_data": "ok", "style": "success"}],
    [
        {"text": "Other time", "callback_data": "time"},
        {"text": "Now", "callback_data": "now", "style": "primary"},
    ],
    [
        {"text": "New picture ≈3", "callback_data": "new"},
        {"text": "Text", "callback_data": "text"},
    ],
    [
        {"text": "Discard", "callback_data": "no", "style": "danger"},
        {"text": "Guide", "url": "https://example.com/guide"},
    ],
)


@cache
def painted(width: int = 480, height: int = 480, *, seed: int = 0) -> bytes:
    """A PNG of hills under an evening sky, with sensors standing in a row."""
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    for y in range(height):
        t = y / height
        sky = [int(start + (end - start) * t) for start, end in SKIES[seed % len(SKIES)]]
        draw.line([(0, y), (width, y)], fill=(sky[0], sky[1], sky[2]))
    sun = [width * 0.62, height * 0.14, width * 0.8, height * 0.14 + width * 0.18]
    draw.ellipse(sun, fill=(255, 246, 220))
    for hill in range(5):
        base = height * (0.48 + 0.1 * hill)
        shade = 1 - 0.16 * hill
        top = [
            (x, base + math.sin(x * 6 / width + hill * 1.7 + seed) * height * 0.03)
            for x in range(0, width + 1, 4)
        ]
        colour = (int(112 * shade), int(158 * shade), int(124 * shade))
        draw.polygon([*top, (width, height), (0, height)], fill=colour)
    for sensor in range(8):
        left, foot, unit = width * (0.1 + 0.11 * sensor), height * 0.84, width / 100
        draw.line(
            [(left, foot), (left, foot - 9 * unit)],
            fill=(58, 62, 60),
            width=max(1, int(unit * 0.7)),
        )
        draw.ellipse(
            [left - 2 * unit, foot - 12 * unit, left + 2 * unit, foot - 8 * unit],
            fill=(240, 247, 243),
        )
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


class Bot:
    """A bot that does just what the test tells it."""

    def __init__(self, http: httpx.Client, token: str, person_id: int) -> None:
        self.http = http
        self.token = token
        self.person_id = person_id
        self.offset = 0

    def post(self, method: str, files: Any = None, **parameters: Any) -> Json:
        """The server's whole answer to one call."""
        given = {name: value for name, value in parameters.items() if value is not None}
        fields = {name: v if isinstance(v, str) else json.dumps(v) for name, v in given.items()}
        answer = self.http.post(f"/bot{self.token}/{method}", data=fields, files=files)
        return dict(answer.json())

    def call(self, method: str, files: Any = None, **parameters: Any) -> Any:
        """The result of a call that must succeed."""
        answer = self.post(method, files, **parameters)
        assert answer["ok"], answer
        return answer["result"]

    def refused(self, method: str, **parameters: Any) -> str:
        """The description of a call that must fail."""
        answer = self.post(method, **parameters)
        assert not answer["ok"]
        return str(answer["description"])

    def send_message(self, text: str, *, parse_mode: str | None = "HTML", **more: Any) -> Json:
        """Says something to the person."""
        more.setdefault("chat_id", self.person_id)
        return dict(self.call("sendMessage", text=text, parse_mode=parse_mode, **more))

    def upload(self, method: str, field: str, name: str, data: bytes, **more: Any) -> Json:
        """Sends a file, to the person unless told otherwise."""
        more.setdefault("chat_id", self.person_id)
        return dict(self.call(method, {field: (name, data)}, **more))

    def send_photo(self, caption: str, *, picture: bytes | None = None, **more: Any) -> Json:
        """Sends a picture with words below it."""
        more = {"parse_mode": "HTML", "caption": caption, **more}
        return self.upload("sendPhoto", "photo", "p.png", picture or painted(), **more)

    def send_album(self, count: int, caption: str) -> None:
        """Sends several pictures as one album."""
        media: list[Json] = [
            {"type": "photo", "media": f"attach://p{number}"} for number in range(count)
        ]
        media[0]["caption"] = caption
        files = {f"p{number}": (f"{number}.png", painted(200, 200)) for number in range(count)}
        self.call("sendMediaGroup", files, chat_id=self.person_id, media=media)

    def next_update(self, kind: str) -> Json:
        """Waits for the next update of that kind."""
        while True:
            updates = self.call("getUpdates", offset=self.offset, timeout=10)
            assert updates, f"no {kind} came"
            for update in updates:
                self.offset = update["update_id"] + 1
                if kind in update:
                    return dict(update[kind])

    def next_message(self) -> Json:
        """What the person says next."""
        return self.next_update("message")

    def next_tap(self) -> Json:
        """The button the person presses next."""
        return self.next_update("callback_query")


class Host:
    """A demo server that runs in its own thread and loop."""

    def __init__(self, port: int = 0) -> None:
        self.world = create_world()
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(port),))
        self._thread.start()
        self._started.result(timeout=10)

    async def _serve(self, port: int) -> None:
        self.loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self.world, port=port) as running:
            self.url, self.port = running.url, running.port
            self._started.set_result(None)
            await self._ended.wait()

    def stop(self) -> None:
        """Ends the server; a second time does nothing."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(timeout=10)


class Town:
    """A local Telegram with one person, one bot and a channel that the bot may post to."""

    def __init__(self, host: Host, http: httpx.Client) -> None:
        self.host = host
        self.url = host.url
        self.http = http
        state = self.ask("GET", "state")
        self.person_id = int(state["person"]["id"])
        self.channel_id = next(int(c["id"]) for c in state["chats"] if c["type"] == "channel")
        self.bot = Bot(http, host.world.token, self.person_id)
        self.ask("POST", "promote", chat_id=self.channel_id, can_post_messages=True)

    def ask(self, verb: str, path: str, /, **body: Any) -> Json:
        """One call to the people's side."""
        answer = self.http.request(verb, f"/sim/{path}", json=body or None)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def person_says(self, text: str, **more: Any) -> Json:
        """The person writes from elsewhere, past the page."""
        said = self.ask(
            "POST", "say", chat_id=self.person_id, user_id=self.person_id, text=text, **more
        )
        return dict(said["message"])

    def drop_streams(self) -> None:
        """Ends every event stream that is open now."""
        self.host.loop.call_soon_threadsafe(self.host.world.log.close)


@contextmanager
def open_town(port: int = 0) -> Iterator[Town]:
    """A town for the length of the block; port 0 is any free one."""
    host = Host(port)
    try:
        with httpx.Client(base_url=host.url, timeout=15) as http:
            yield Town(host, http)
    finally:
        host.stop()


def converse(town: Town) -> None:
    """A morning's work: two published posts and a card that waits for a decision."""
    bot = town.bot
    for seed, caption in enumerate((ENGLISH, TURKISH.split("\n", 1)[1])):
        bot.send_photo(caption, chat_id=town.channel_id, picture=painted(960, 720, seed=seed))
    bot.send_message(
        "<b>Good morning, Ada.</b> Send me a topic and I make a picture and a caption from it.\n\n"
        "Nothing is posted before you approve it. /help shows examples."
    )
    asked = town.person_says("Sera sulamasında sensörle %30 su tasarrufu #iot")
    reaction = [{"type": "emoji", "emoji": "👀"}]
    where = {"chat_id": town.person_id, "message_id": asked["message_id"]}
    bot.call("setMessageReaction", **where, reaction=reaction)
    bot.send_photo(TURKISH, picture=painted(1024, 1024, seed=2), reply_markup=CARD)
