"""The people's side over HTTP: the routes that SIM.md describes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.demo import membership, people, sight
from bot.demo.bodies import Body, body_of
from bot.demo.faults import KINDS, Fault
from bot.demo.methods.commands import commands_of_person, publish_commands
from bot.demo.people import SimError
from bot.demo.records import Json
from bot.demo.refusals import Refusal
from bot.demo.stream import stream
from bot.demo.transcript import tell
from bot.demo.world import World

PICTURES = {"image/jpeg", "image/png", "image/webp", "image/gif"}
CHAT_TYPES = {"group", "supergroup", "channel"}


class Sim:
    """Answers people on a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Every call of the contract."""
        posts: dict[str, Callable[[Body], Awaitable[Json]]] = {
            "say": self._say,
            "edit": self._edit,
            "tap": self._tap,
            "delete": self._delete,
            "users": self._add_user,
            "chats": self._add_chat,
            "promote": self._promote,
            "demote": self._demote,
            "join": self._join,
            "leave": self._leave,
            "block": self._block,
            "unblock": self._unblock,
            "migrate": self._migrate,
            "topics": self._add_topic,
            "topics/delete": self._delete_topic,
            "faults": self._order_fault,
            "clock": self._move_clock,
            "reset": self._reset,
        }
        gets: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "state": self._state,
            "chats/{chat_id}/messages": self._messages,
            "files/{file_id}": self._file,
            "calls": self._calls,
            "transcript": self._transcript,
            "events": self._events,
        }
        return [
            *(Route(f"/sim/{p}", _posted(do), methods=["POST"]) for p, do in posts.items()),
            *(Route(f"/sim/{path}", _guarded(show)) for path, show in gets.items()),
            Route("/sim/faults", _guarded(self._clear_faults), methods=["DELETE"]),
        ]

    async def _state(self, request: Request) -> Response:
        world = self._world
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
        chat = people.chat_named(self._world, _chat_id(request))
        # Ids only grow and an edit keeps a message's place, so the order is that of the ids.
        shown = [sight.message(self._world, message) for message in chat.messages.values()]
        return JSONResponse({"messages": shown})

    async def _file(self, request: Request) -> Response:
        file_id = request.path_params["file_id"]
        if not self._world.files.known(file_id):
            raise SimError(404, "There is no such file.")
        data, mime_type = await asyncio.to_thread(self._world.files.content, file_id)
        headers = {"Cache-Control": "max-age=86400"}
        if mime_type not in PICTURES:
            # Whatever somebody uploaded must not open as a page of this server.
            headers["Content-Disposition"] = "attachment"
        return Response(data, media_type=mime_type, headers=headers)

    async def _calls(self, request: Request) -> Response:
        after = _query_number(request, "after") or 0
        return JSONResponse(
            {"calls": [call.to_json() for call in self._world.calls if call.id > after]}
        )

    async def _transcript(self, request: Request) -> Response:
        return PlainTextResponse(tell(self._world, _query_number(request, "chat_id")))

    async def _events(self, request: Request) -> Response:
        return stream(self._world.log, request)

    async def _say(self, body: Body) -> Json:
        if language := body.optional_text("language_code"):
            people.set_language(self._world, body.number("user_id"), language)
            publish_commands(self._world)
        message, update_id = people.say(
            self._world,
            chat_id=body.number("chat_id"),
            user_id=body.number("user_id"),
            text=body.optional_text("text") or "",
            reply_to=body.optional_number("reply_to_message_id"),
            thread_id=body.optional_number("thread_id"),
            photo=body.binary("photo"),
        )
        return {"message": sight.message(self._world, message), "update_id": update_id}

    async def _edit(self, body: Body) -> Json:
        message, update_id = people.rewrite(
            self._world,
            chat_id=body.number("chat_id"),
            message_id=body.number("message_id"),
            text=body.text("text"),
        )
        return {"message": sight.message(self._world, message), "update_id": update_id}

    async def _tap(self, body: Body) -> Json:
        callback, update_id = people.tap(
            self._world,
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

    async def _delete(self, body: Body) -> Json:
        chat_id, message_id = body.number("chat_id"), body.number("message_id")
        self._world.remove(people.message_named(self._world, chat_id, message_id))
        return {}

    async def _add_user(self, body: Body) -> Json:
        user = self._world.add_user(
            body.text("first_name"),
            body.optional_text("username"),
            body.optional_text("language_code"),
        )
        return {"user": sight.user(user), "chat": sight.chat(self._world.chats[user.id])}

    async def _add_chat(self, body: Body) -> Json:
        if (kind := body.text("type")) not in CHAT_TYPES:
            raise SimError(400, "type must be group, supergroup or channel.")
        chat = self._world.add_chat(
            kind,
            body.text("title"),
            creator_id=people.user_named(self._world, body.number("creator_id")).id,
            username=body.optional_text("username"),
            is_forum=body.flag("is_forum"),
        )
        return {"chat": sight.chat(chat)}

    async def _promote(self, body: Body) -> Json:
        rights = {name: body.flag(name) for name in body.values if name.startswith("can_")}
        by = body.optional_number("by")
        chat = membership.promote(self._world, body.number("chat_id"), by=by, rights=rights)
        return {"chat": sight.chat(chat)}

    async def _demote(self, body: Body) -> Json:
        by, kick = body.optional_number("by"), body.flag("kick")
        chat = membership.demote(self._world, body.number("chat_id"), by=by, kick=kick)
        return {"chat": sight.chat(chat)}

    async def _join(self, body: Body) -> Json:
        chat = membership.join(self._world, body.number("chat_id"), body.number("user_id"))
        return {"chat": sight.chat(chat)}

    async def _leave(self, body: Body) -> Json:
        chat = membership.leave(self._world, body.number("chat_id"), body.number("user_id"))
        return {"chat": sight.chat(chat)}

    async def _block(self, body: Body) -> Json:
        membership.block(self._world, body.number("user_id"), blocked=True)
        return {}

    async def _unblock(self, body: Body) -> Json:
        membership.block(self._world, body.number("user_id"), blocked=False)
        return {}

    async def _migrate(self, body: Body) -> Json:
        return {"chat": sight.chat(membership.migrate(self._world, body.number("chat_id")))}

    async def _add_topic(self, body: Body) -> Json:
        chat_id, name = body.number("chat_id"), body.text("name")
        return {"thread_id": membership.add_topic(self._world, chat_id, name)}

    async def _delete_topic(self, body: Body) -> Json:
        membership.delete_topic(self._world, body.number("chat_id"), body.number("thread_id"))
        return {}

    async def _order_fault(self, body: Body) -> Json:
        if (kind := str(body.values.get("kind"))) not in KINDS:
            raise SimError(400, f"kind must be one of {', '.join(KINDS)}.")
        self._world.faults.order(
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
        self._world.faults.clear()
        return JSONResponse({})

    async def _move_clock(self, body: Body) -> Json:
        self._world.clock.advance(body.decimal("advance", 0))
        return {"now": self._world.clock.now()}

    async def _reset(self, body: Body) -> Json:
        self._world.reset()
        return {}


def _posted(do: Callable[[Body], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return JSONResponse(await do(await body_of(request)))

    return _guarded(answer)


def _guarded(
    show: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await show(request)
        except SimError as error:
            return JSONResponse({"error": str(error)}, status_code=error.status)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.description}, status_code=400)

    return answer


def _query_number(request: Request, name: str) -> int | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    if not value.removeprefix("-").isdigit():
        raise SimError(400, f"{name} must be an integer.")
    return int(value)


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


def _chat_id(request: Request) -> int:
    """The path's chat id; Starlette's own integers have no sign, and channels are negative."""
    raw = request.path_params["chat_id"]
    try:
        return int(raw)
    except ValueError:
        raise SimError(404, f"There is no chat {raw}.") from None
