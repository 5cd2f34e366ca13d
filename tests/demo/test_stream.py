"""Events, the page, and who may talk to the server."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from bot.demo.server import LocalTelegram, NotLoopbackError, create_app, serve
from bot.demo.world import RealTokenError, World, create_world
from tests.demo.harness import ADA, CHANNEL, Bot, People, keyboard

REAL = "123456789:" + "A" * 35


async def test_what_was_missed_is_replayed_after_the_last_event_id(people: People) -> None:
    first = (await people.get("state"))["last_event_id"]
    for text in ("one", "two", "three"):
        await people.say(text)
    events = await people.events(2, last=first + 1)
    assert [event.data["text"] for event in events] == ["two", "three"]
    assert [event.id for event in events] == [first + 2, first + 3]


async def test_the_last_event_id_may_stand_in_the_query(people: People) -> None:
    events = await people.events(2, query="?last_event_id=0")
    assert [event.kind for event in events] == ["chat", "chat"]


async def test_replay_and_live_events_follow_each_other_without_gap(
    bot: Bot, people: People
) -> None:
    await people.say("before")
    listening = asyncio.create_task(people.events(4, query="?last_event_id=2"))
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=keyboard("Go"))
    await people.tap(sent["message_id"], "go")
    events = await listening
    assert [event.kind for event in events] == ["message", "message", "call", "tap"]
    assert [event.id for event in events] == [3, 4, 5, 6]


async def test_kinds_can_be_chosen(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x")
    where = {"chat_id": ADA, "message_id": sent["message_id"]}
    await bot.call("sendChatAction", chat_id=ADA, action="upload_photo")
    await bot.call("editMessageText", **where, text="y")
    await bot.call("deleteMessage", **where)
    events = await people.events(3, query="?last_event_id=0&kinds=action,edit,delete")
    assert [event.kind for event in events] == ["action", "edit", "delete"]
    assert events[0].data["action"] == "upload_photo"
    assert events[1].data["text"] == "y"
    assert events[2].data == where


async def test_an_answered_tap_is_an_event(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=keyboard("Go"))
    tapped = await people.tap(sent["message_id"], "go")
    query = {"callback_query_id": tapped["callback_query_id"]}
    await bot.call("answerCallbackQuery", **query, text="Done")
    (event,) = await people.events(1, query="?last_event_id=0&kinds=answer")
    place = {"user_id": ADA, "chat_id": ADA, "message_id": sent["message_id"]}
    assert event.data == {**query, **place, "text": "Done", "show_alert": False}


async def test_the_server_stops_while_somebody_listens() -> None:
    world = create_world()
    async with httpx.AsyncClient(trust_env=False) as client:
        async with serve(world) as local:
            request = client.build_request("GET", f"{local.url}/sim/events")
            response = await client.send(request, stream=True)
            lines = response.aiter_lines()
            assert await anext(lines) == ": connected"
        assert [line async for line in lines if line] == []


@pytest.mark.parametrize("path", ["/", "/sim/state", "/bot42:x/getMe"])
@pytest.mark.parametrize(
    "header", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
async def test_foreign_hosts_and_origins_are_refused(
    http: httpx.AsyncClient, path: str, header: dict[str, str]
) -> None:
    answer = await http.get(path, headers=header)
    assert answer.status_code == 403
    assert answer.json() == {"error": "This server answers this computer only."}


async def test_the_page_itself_may_post(http: httpx.AsyncClient, local: LocalTelegram) -> None:
    answer = await http.post("/sim/reset", json={}, headers={"Origin": local.url})
    assert answer.status_code == 200


async def test_every_answer_carries_the_pages_policy(http: httpx.AsyncClient) -> None:
    for path in ("/", "/sim/state", "/nowhere"):
        policy = (await http.get(path)).headers["content-security-policy"]
        assert policy == "default-src 'self'; img-src 'self' data: blob:"


def test_a_token_that_looks_real_is_refused_unless_forced() -> None:
    with pytest.raises(RealTokenError, match="real bot"):
        create_world(token=REAL)
    assert create_world(token=REAL, allow_real_token=True).bot.id == 123456789


async def test_only_loopback_is_served(world: World) -> None:
    with pytest.raises(NotLoopbackError, match="loopback"):
        async with serve(world, host="0.0.0.0"):  # noqa: S104 - this is what must be refused
            pass


async def test_a_taken_port_is_an_error_or_the_next_one_is_taken(
    local: LocalTelegram, world: World
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            async with serve(create_world(), port=port):
                pass
        async with serve(create_world(), port=port, next_free_port=True) as other:
            assert port < other.port <= port + 20


async def test_an_open_stream_shows_what_happens_now(local: LocalTelegram, people: People) -> None:
    async with (
        httpx.AsyncClient(base_url=local.url, trust_env=False) as client,
        client.stream("GET", "/sim/events?kinds=message") as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == ": connected"
        await people.post("users", first_name="Bea")
        await people.say("live")
        seen = [await anext(lines) for _ in range(4)]
    assert seen[2] == "event: message"
    assert '"text":"live"' in seen[3]


@pytest.mark.parametrize("present", [True, False])
async def test_the_page_is_served_if_it_is_there(
    world: World, tmp_path: Path, present: bool
) -> None:
    page = tmp_path / "page"
    if present:
        page.mkdir()
        (page / "index.html").write_text("<h1>Chat</h1>")
        (page / "app.js").write_text("export {};")
    transport = httpx.ASGITransport(app=create_app(world, page=page))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        index, script = await client.get("/"), await client.get("/page/app.js")
    assert index.status_code == 200
    assert ("<h1>Chat</h1>" in index.text) is present
    assert script.status_code == (200 if present else 404)


async def test_an_uploaded_page_is_downloaded_and_not_opened(bot: Bot, people: People) -> None:
    files = {"document": ("x.html", b"<script>1</script>", "text/html")}
    await bot.http.post(bot.url("sendDocument"), data={"chat_id": str(ADA)}, files=files)
    (shown,) = await people.messages()
    answer = await bot.http.get(shown["document"]["url"])
    assert answer.headers["content-disposition"] == "attachment"


async def test_a_world_can_be_served_again_and_polls_wait_again() -> None:
    world, offset = create_world(), 0
    for text in ("one", "two"):
        async with (
            serve(world) as local,
            httpx.AsyncClient(base_url=local.url, trust_env=False) as client,
        ):
            bot, people = Bot(local=local, http=client), People(http=client)
            world.updates.poll_began.clear()
            poll = asyncio.create_task(bot.call("getUpdates", offset=offset, timeout=20))
            await world.updates.poll_began.wait()
            await people.say(text)
            (update,) = await poll
        assert update["message"]["text"] == text
        offset = update["update_id"] + 1


@pytest.mark.parametrize("chat_id,status", [(CHANNEL, 200), (5, 404), ("Ada", 404)])
async def test_chats_are_found_by_number_also_below_zero(
    http: httpx.AsyncClient, chat_id: object, status: int
) -> None:
    assert (await http.get(f"/sim/chats/{chat_id}/messages")).status_code == status
