"""The people's side over HTTP: the routes that SIM.md describes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.demo import people, sight
from bot.demo.faults import KINDS, Fault
from bot.demo.log import Event
from bot.demo.methods.commands import commands_of_person
from bot.demo.methods.topics import drop, open_new
from bot.demo.people import SimError
from bot.demo.records import Json
from bot.demo.refusals import Refusal
from bot.demo.transcript import tell
from bot.demo.world import World

Handler = Callable[["Sim", Request], Awaitable[Response]]


class Body:
    """A request's JSON object, read with sentences for what is missing."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str, default: str | None = None) -> str:
        """A string; without a default it must be there."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise SimError(400, f"{name} must be a string.")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string or nothing."""
        return None if self.values.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """An integer that must be there."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise SimError(400, f"{name} must be an integer.")
        return value

    def optional_number(self, name: str) -> int | None:
        """An integer or nothing."""
        return None if self.values.get(name) is None else self.number(name)

    def decimal(self, name: str, default: float) -> float:
        """A number."""
        value = self.values.get(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise SimError(400, f"{name} must be a number.")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false; absent is false."""
        return self.values.get(name) is True

    def binary(self, name: str) -> bytes | None:
        """Base64 or nothing."""
        text = self.optional_text(name)
        try:
            return base64.b64decode(text, validate=True) if text is not None else None
        except binascii.Error as error:
            raise SimError(400, f"{name} must be base64.") from error


async def body_of(request: Request) -> Body:
    """The request's JSON object."""
    try:
        values = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise SimError(400, "The body is not JSON.") from error
    if not isinstance(values, dict):
        raise SimError(400, "The body must be a JSON object.")
    return Body(values)


class Sim:
    """Answers people on a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """Every call of the contract."""
        posts = {
            "say": self._say, "edit": self._edit, "tap": self._tap, "users": self._users,
            "chats": self._chats, "promote": self._promote, "demote": self._demote,
            "join": self._join, "leave": self._leave, "block": self._block,
            "unblock": self._unblock, "migrate": self._migrate, "topics": self._topics,
            "topics/delete": self._delete_topic, "delete": self._delete, "faults": self._faults,
            "clock": self._clock, "reset": self._reset,
        }  # fmt: skip
        gets = {
            "state": self._state, "chats/{chat_id:int}/messages": self._messages,
            "files/{file_id}": self._file, "calls": self._calls,
            "transcript": self._transcript, "events": self._events,
        }  # fmt: skip
        return [
            *(
                Route(f"/sim/{path}", _posted(handler), methods=["POST"])
                for path, handler in posts.items()
            ),
            *(Route(f"/sim/{path}", _guarded(handler)) for path, handler in gets.items()),
            Route("/sim/faults", _guarded(self._clear_faults), methods=["DELETE"]),
        ]

    async def _state(self, request: Request) -> Response:
        world = self.world
        return JSONResponse(
            {
                "bot": sight.user(world.bot),
                "person": sight.user(world.person),
                "users": [sight.user(user) for user in world.users.values()],
                "chats": [sight.chat(chat) for chat in world.chats.values()],
                "commands": commands_of_person(world),
                "last_event_id": world.log.last_id,
            }
        )

    async def _messages(self, request: Request) -> Response:
        chat = people.chat_named(self.world, request.path_params["chat_id"])
        ordered = sorted(chat.messages.values(), key=lambda message: message.message_id)
        return JSONResponse({"messages": [sight.message(self.world, one) for one in ordered]})

    async def _file(self, request: Request) -> Response:
        file_id = request.path_params["file_id"]
        if not self.world.files.known(file_id):
            raise SimError(404, "There is no such file.")
        data, mime_type = await asyncio.to_thread(self.world.files.content, file_id)
        return Response(data, media_type=mime_type, headers={"Cache-Control": "max-age=86400"})

    async def _calls(self, request: Request) -> Response:
        after = _query_number(request, "after")
        found = [call.to_json() for call in self.world.calls if call.id > after]
        return JSONResponse({"calls": found})

    async def _transcript(self, request: Request) -> Response:
        chat_id = request.query_params.get("chat_id")
        wanted = _query_number(request, "chat_id") if chat_id else None
        return PlainTextResponse(tell(self.world, wanted))

    async def _events(self, request: Request) -> Response:
        last = request.headers.get("last-event-id") or request.query_params.get("last_event_id")
        kinds = {kind for kind in request.query_params.get("kinds", "").split(",") if kind}
        after = int(last) if last and last.isdigit() else self.world.log.last_id
        return StreamingResponse(
            _stream(self.world, after, kinds),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _say(self, body: Body) -> Json:
        world = self.world
        if body.optional_text("language_code"):
            self._speak(body.number("user_id"), body.text("language_code"))
        message, update_id = people.say(
            world,
            chat_id=body.number("chat_id"),
            user_id=body.number("user_id"),
            text=body.text("text", ""),
            reply_to=body.optional_number("reply_to_message_id"),
            thread_id=body.optional_number("thread_id"),
            photo=body.binary("photo"),
        )
        return {"message": sight.message(world, message), "update_id": update_id}

    def _speak(self, user_id: int, language_code: str) -> None:
        people.set_language(self.world, user_id, language_code)

    async def _edit(self, body: Body) -> Json:
        chat_id, message_id = body.number("chat_id"), body.number("message_id")
        update_id = people.rewrite(
            self.world, chat_id=chat_id, message_id=message_id, text=body.text("text")
        )
        message = people.message_named(self.world, chat_id, message_id)
        return {"message": sight.message(self.world, message), "update_id": update_id}

    async def _tap(self, body: Body) -> Json:
        callback, update_id = people.tap(
            self.world,
            chat_id=body.number("chat_id"),
            message_id=body.number("message_id"),
            user_id=body.number("user_id"),
            data=body.text("data"),
        )
        result: Json = {"callback_query_id": callback.id, "update_id": update_id}
        if "wait" in body.values:
            await _within(callback.answered, body.decimal("wait", 0))
            result["answer"] = callback.answer
        return result

    async def _users(self, body: Body) -> Json:
        user = self.world.add_user(
            body.text("first_name"),
            body.optional_text("username"),
            body.optional_text("language_code"),
        )
        return people.seen_user(self.world, user)

    async def _chats(self, body: Body) -> Json:
        kind = body.text("type")
        if kind not in {"group", "supergroup", "channel"}:
            raise SimError(400, "type must be group, supergroup or channel.")
        creator = people.user_named(self.world, body.number("creator_id"))
        chat = self.world.add_chat(
            kind,
            body.text("title"),
            creator_id=creator.id,
            username=body.optional_text("username"),
            is_forum=body.flag("is_forum"),
        )
        return {"chat": sight.chat(chat)}

    async def _promote(self, body: Body) -> Json:
        rights = {
            key: value is True for key, value in body.values.items() if key.startswith("can_")
        }
        chat_id = body.number("chat_id")
        people.promote(self.world, chat_id, by=body.optional_number("by"), rights=rights)
        return {"chat": sight.chat(self.world.chats[chat_id])}

    async def _demote(self, body: Body) -> Json:
        chat_id = body.number("chat_id")
        by, kick = body.optional_number("by"), body.flag("kick")
        people.demote(self.world, chat_id, by=by, kick=kick)
        return {"chat": sight.chat(self.world.chats[chat_id])}

    async def _join(self, body: Body) -> Json:
        people.join(self.world, body.number("chat_id"), body.number("user_id"))
        return {"chat": sight.chat(self.world.chats[body.number("chat_id")])}

    async def _leave(self, body: Body) -> Json:
        people.leave(self.world, body.number("chat_id"), body.number("user_id"))
        return {"chat": sight.chat(self.world.chats[body.number("chat_id")])}

    async def _block(self, body: Body) -> Json:
        people.block(self.world, body.number("user_id"), blocked=True)
        return {}

    async def _unblock(self, body: Body) -> Json:
        people.block(self.world, body.number("user_id"), blocked=False)
        return {}

    async def _migrate(self, body: Body) -> Json:
        return {"chat": sight.chat(people.migrate(self.world, body.number("chat_id")))}

    async def _topics(self, body: Body) -> Json:
        chat = people.chat_named(self.world, body.number("chat_id"))
        if not chat.is_forum:
            raise SimError(409, "This chat has no topics.")
        by = chat.creator_id() or self.world.person.id
        return {"thread_id": open_new(self.world, chat, body.text("name"), by=by).thread_id}

    async def _delete_topic(self, body: Body) -> Json:
        chat, thread_id = (
            people.chat_named(self.world, body.number("chat_id")),
            body.number("thread_id"),
        )
        if thread_id not in chat.topics:
            raise SimError(404, f"There is no topic {thread_id}.")
        drop(self.world, chat, thread_id)
        return {}

    async def _delete(self, body: Body) -> Json:
        chat_id, message_id = body.number("chat_id"), body.number("message_id")
        self.world.remove(people.message_named(self.world, chat_id, message_id))
        return {}

    async def _faults(self, body: Body) -> Json:
        kind = str(body.values.get("kind"))
        if kind not in KINDS:
            raise SimError(400, f"kind must be one of {', '.join(KINDS)}.")
        self.world.faults.order(
            Fault(
                method=body.text("method"),
                kind=kind,
                times=body.optional_number("times") or 1,
                chat_id=body.optional_number("chat_id"),
                retry_after=body.optional_number("retry_after") or 3,
                seconds=body.decimal("seconds", 30),
                description=body.optional_text("description"),
                after=body.flag("after"),
            )
        )
        return {}

    async def _clear_faults(self, request: Request) -> Response:
        self.world.faults.clear()
        return JSONResponse({})

    async def _clock(self, body: Body) -> Json:
        self.world.clock.advance(body.decimal("advance", 0))
        return {"now": self.world.clock.now()}

    async def _reset(self, body: Body) -> Json:
        self.world.reset()
        return {}


def _posted(
    handler: Callable[[Body], Awaitable[Json]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return JSONResponse(await handler(await body_of(request)))

    return _guarded(answer)


def _guarded(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except SimError as error:
            return JSONResponse({"error": str(error)}, status_code=error.status)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.description}, status_code=400)

    return answer


def _query_number(request: Request, name: str) -> int:
    value = request.query_params.get(name, "0")
    if not value.lstrip("-").isdigit():
        raise SimError(400, f"{name} must be an integer.")
    return int(value)


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def _stream(world: World, after: int, kinds: set[str]) -> AsyncIterator[str]:
    queue = world.log.listen()
    try:
        yield ": connected\n\n"
        for event in world.log.after(after, kinds):
            after = event.id
            yield _written(event)
        while event_or_end := await queue.get():
            if event_or_end.id > after and (not kinds or event_or_end.kind in kinds):
                yield _written(event_or_end)
    finally:
        world.log.leave(queue)


def _written(event: Event) -> str:
    data: Any = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n"
