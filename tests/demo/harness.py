"""A bare bot and a bare person on a served world, both over real HTTP."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

from bot.demo.server import LocalTelegram

ADA = 1001
CHANNEL = -1_001_000_000_001
START = 1_790_000_000.0


def picture(
    width: int = 64, height: int = 48, *, kind: str = "PNG", colour: str = "teal"
) -> bytes:
    """A one-coloured picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


@dataclass(kw_only=True)
class Event:
    """One server-sent event."""

    id: int
    kind: str
    data: dict[str, Any]


@dataclass(kw_only=True)
class Bot:
    """Calls methods with a form, as most libraries do."""

    local: LocalTelegram
    http: httpx.AsyncClient
    offset: int = field(default=0, init=False)

    def url(self, method: str, token: str | None = None) -> str:
        """Where a method is called."""
        return f"/bot{token or self.local.world.token}/{method}"

    async def answer(self, method: str, **parameters: Any) -> httpx.Response:
        """The raw answer; objects go as JSON strings, bytes as parts of a multipart body."""
        parts = {name: (name, v) for name, v in parameters.items() if isinstance(v, bytes)}
        plain = {name: _form(v) for name, v in parameters.items() if not isinstance(v, bytes)}
        return await self.http.post(self.url(method), data=plain, files=parts or None)

    async def call(self, method: str, **parameters: Any) -> Any:
        """The result of a call that must succeed."""
        answer = (await self.answer(method, **parameters)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **parameters: Any) -> tuple[int, str]:
        """Code and description of a call that must fail."""
        response = await self.answer(method, **parameters)
        answer = response.json()
        assert answer["ok"] is False
        assert answer["error_code"] == response.status_code
        return response.status_code, answer["description"]

    async def updates(self, **parameters: Any) -> list[dict[str, Any]]:
        """The next updates, which acknowledges those of the last time."""
        found: list[dict[str, Any]] = await self.call(
            "getUpdates", **{"offset": self.offset, **parameters}
        )
        if found:
            self.offset = found[-1]["update_id"] + 1
        return found


def _form(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


@dataclass(kw_only=True)
class People:
    """Calls the person's side."""

    http: httpx.AsyncClient

    async def post(self, path: str, **body: Any) -> Any:
        """The answer of a call that must succeed."""
        response = await self.http.post(f"/sim/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def get(self, path: str) -> Any:
        """What a path shows."""
        response = await self.http.get(f"/sim/{path}")
        assert response.status_code == 200, response.text
        return response.json()

    async def refusal(self, path: str, **body: Any) -> tuple[int, str]:
        """Status and sentence of a call that must fail."""
        response = await self.http.post(f"/sim/{path}", json=body)
        return response.status_code, response.json()["error"]

    async def say(self, text: str, *, chat_id: int = ADA, user_id: int = ADA, **more: Any) -> Any:
        """Ada writes."""
        return await self.post("say", chat_id=chat_id, user_id=user_id, text=text, **more)

    async def tap(self, message_id: int, data: str, *, chat_id: int = ADA, **more: Any) -> Any:
        """Ada taps."""
        body = {"chat_id": chat_id, "message_id": message_id, "user_id": ADA, "data": data}
        return await self.post("tap", **body, **more)

    async def messages(self, chat_id: int = ADA) -> list[dict[str, Any]]:
        """What people see in a chat."""
        shown: list[dict[str, Any]] = (await self.get(f"chats/{chat_id}/messages"))["messages"]
        return shown

    async def group(self, kind: str = "group", **more: Any) -> int:
        """A new chat of Ada's with the bot as a plain member."""
        body = {"type": kind, "title": "Team", "creator_id": ADA, **more}
        chat_id: int = (await self.post("chats", **body))["chat"]["id"]
        await self.post("join", chat_id=chat_id, user_id=42)
        return chat_id

    async def events(self, count: int, *, query: str = "", last: int | None = None) -> list[Event]:
        """The first events of a stream."""
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        events: list[Event] = []
        async with self.http.stream("GET", f"/sim/events{query}", headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                fields[name] = value
                if line == "" and "id" in fields:
                    data = json.loads(fields["data"])
                    events.append(Event(id=int(fields["id"]), kind=fields["event"], data=data))
                    fields = {}
                if len(events) == count:
                    break
        return events


def keyboard(*labels: str) -> dict[str, Any]:
    """One row of buttons whose data is their label in lower case."""
    return {"inline_keyboard": [[{"text": one, "callback_data": one.lower()} for one in labels]]}


def base64_of(data: bytes) -> str:
    """Bytes as the person's side takes them."""
    return base64.b64encode(data).decode()
