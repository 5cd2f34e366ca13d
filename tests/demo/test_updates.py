"""getUpdates and webhooks: what the bot learns, when, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.server import LocalTelegram, serve
from bot.demo.world import World, create_world
from tests.demo.harness import ADA, CHANNEL, Bot, People, keyboard


async def polling(bot: Bot, **parameters: Any) -> asyncio.Task[httpx.Response]:
    """A long poll that the server has already taken in."""
    began = bot.local.world.updates.poll_began
    began.clear()
    task = asyncio.create_task(bot.answer("getUpdates", timeout=30, **parameters))
    await began.wait()
    return task


async def test_an_update_comes_again_until_it_is_acknowledged(bot: Bot, people: People) -> None:
    said = await people.say("hello")
    first = await bot.call("getUpdates")
    assert first == await bot.call("getUpdates")
    assert [update["update_id"] for update in first] == [said["update_id"]]
    assert await bot.call("getUpdates", offset=said["update_id"] + 1) == []
    assert await bot.call("getUpdates") == []


async def test_limit_gives_the_oldest_first(bot: Bot, people: People) -> None:
    for text in ("one", "two", "three"):
        await people.say(text)
    updates = await bot.call("getUpdates", limit=2)
    assert [update["message"]["text"] for update in updates] == ["one", "two"]


async def test_a_negative_offset_keeps_the_newest(bot: Bot, people: People) -> None:
    for text in ("one", "two"):
        await people.say(text)
    (update,) = await bot.call("getUpdates", offset=-1)
    assert update["message"]["text"] == "two"
    assert len(await bot.call("getUpdates")) == 1


async def test_a_long_poll_wakes_when_somebody_writes(bot: Bot, people: People) -> None:
    poll = await polling(bot)
    await people.say("wake up")
    (update,) = (await poll).json()["result"]
    assert update["message"]["text"] == "wake up"


async def test_other_calls_are_answered_during_a_long_poll(bot: Bot, people: People) -> None:
    poll = await polling(bot)
    assert (await bot.call("getMe"))["id"] == 42
    assert not poll.done()
    await people.say("done")
    await poll


async def test_a_second_poller_ends_the_first_with_a_conflict(bot: Bot, people: People) -> None:
    first = await polling(bot)
    second = await polling(bot)
    answer = (await first).json()
    assert answer["error_code"] == 409
    assert answer["description"] == (
        "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running"
    )
    await people.say("for the second")
    assert len((await second).json()["result"]) == 1


async def test_a_client_that_goes_away_loses_nothing(bot: Bot, people: People) -> None:
    poll = await polling(bot)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    await people.say("still here")
    assert len(await bot.call("getUpdates")) == 1


async def test_stopping_the_server_ends_a_long_poll_with_an_empty_answer() -> None:
    world = create_world()
    async with httpx.AsyncClient(trust_env=False) as client:
        async with serve(world) as local:
            bot = Bot(local=local, http=client)
            client.base_url = httpx.URL(local.url)
            poll = await polling(bot)
        assert (await poll).json() == {"ok": True, "result": []}


async def test_allowed_updates_are_remembered_for_what_comes_later(
    bot: Bot, people: People
) -> None:
    await bot.call("getUpdates", allowed_updates=["callback_query"])
    assert (await people.say("unheard"))["update_id"] is None
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=keyboard("Go"))
    await people.tap(sent["message_id"], "go")
    (update,) = await bot.call("getUpdates")
    assert update["callback_query"]["data"] == "go"
    assert update["callback_query"]["message"]["message_id"] == sent["message_id"]


async def test_an_empty_list_of_allowed_updates_is_the_default_set(
    bot: Bot, people: People
) -> None:
    await bot.call("getUpdates", allowed_updates=["callback_query"])
    await bot.call("getUpdates", allowed_updates=[])
    assert (await people.say("heard again"))["update_id"]


async def test_chat_member_is_sent_to_those_who_ask_only(bot: Bot, people: People) -> None:
    await people.post("promote", chat_id=CHANNEL)
    bea = (await people.post("users", first_name="Bea"))["user"]["id"]
    await people.post("join", chat_id=CHANNEL, user_id=bea)
    assert [set(update) for update in await bot.updates()] == [{"update_id", "my_chat_member"}]
    await bot.updates(allowed_updates=["chat_member"])
    await people.post("leave", chat_id=CHANNEL, user_id=bea)
    (update,) = await bot.updates()
    assert update["chat_member"]["new_chat_member"]["status"] == "left"


async def test_promotion_says_who_did_it_and_what_the_bot_may_do(bot: Bot, people: People) -> None:
    await people.post("promote", chat_id=CHANNEL, by=ADA, can_edit_messages=False)
    (update,) = await bot.updates()
    change = update["my_chat_member"]
    assert change["chat"]["id"] == CHANNEL
    assert change["from"]["id"] == ADA
    assert change["old_chat_member"]["status"] == "left"
    assert change["new_chat_member"]["can_post_messages"] is True
    assert change["new_chat_member"]["can_edit_messages"] is False


async def test_blocking_is_a_my_chat_member_update(bot: Bot, people: People) -> None:
    await people.post("block", user_id=ADA)
    (update,) = await bot.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert update["my_chat_member"]["chat"]["type"] == "private"


async def test_an_edit_by_a_person_is_an_edited_message(bot: Bot, people: People) -> None:
    said = await people.say("helo")
    await people.post("edit", chat_id=ADA, message_id=said["message"]["message_id"], text="hello")
    _, update = await bot.updates()
    assert update["edited_message"]["text"] == "hello"
    assert update["edited_message"]["edit_date"]


async def test_a_post_by_the_channels_creator_is_a_channel_post(
    bot: Bot, people: People, channel: int
) -> None:
    await people.say("by hand", chat_id=channel)
    update = (await bot.updates())[-1]
    assert update["channel_post"]["sender_chat"]["id"] == channel
    assert "from" not in update["channel_post"]


@pytest.mark.parametrize(
    "text,seen",
    [
        ("just talking", False),
        ("/new topic", True),
        ("/new@postdesk_demo_bot topic", True),
        ("/new@other_bot topic", False),
        ("hey @postdesk_demo_bot, look", True),
        ("not/a command", False),
    ],
)
async def test_privacy_mode_hides_what_is_not_for_the_bot(
    bot: Bot, people: People, text: str, seen: bool
) -> None:
    group = await people.group()
    await bot.updates()
    said = await people.say(text, chat_id=group)
    assert (said["update_id"] is not None) is seen
    assert len(await bot.updates()) == seen


async def test_privacy_mode_lets_replies_to_the_bot_through(bot: Bot, people: People) -> None:
    group = await people.group()
    asked = await bot.call(
        "sendMessage", chat_id=group, text="Caption?", reply_markup={"force_reply": True}
    )
    await people.say("This one", chat_id=group, reply_to_message_id=asked["message_id"])
    update = (await bot.updates())[-1]
    assert update["message"]["reply_to_message"]["message_id"] == asked["message_id"]


async def test_an_administrator_of_a_group_sees_everything(bot: Bot, people: People) -> None:
    group = await people.group("supergroup")
    await people.post("promote", chat_id=group)
    assert (await people.say("just talking", chat_id=group))["update_id"]


class Receiver:
    """A webhook that refuses its first delivery and keeps the others."""

    def __init__(self) -> None:
        self.refusals = 0
        self.got: asyncio.Queue[tuple[str | None, Any]] = asyncio.Queue()

    async def __call__(self, request: Request) -> Response:
        if self.refusals > 0:
            self.refusals -= 1
            return Response(status_code=503)
        secret = request.headers.get("x-telegram-bot-api-secret-token")
        self.got.put_nowait((secret, await request.json()))
        return JSONResponse({})


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def hook_url(receiver: Receiver) -> AsyncIterator[str]:
    app = Starlette(routes=[Route("/hook", receiver.__call__, methods=["POST"])])
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/hook"
    await server.shutdown()


async def test_a_webhook_gets_updates_in_order_with_the_secret(
    bot: Bot, people: People, receiver: Receiver, hook_url: str
) -> None:
    await people.say("before")
    await bot.call("setWebhook", url=hook_url, secret_token="s3cret")
    await people.say("after")
    for text in ("before", "after"):
        secret, update = await receiver.got.get()
        assert (secret, update["message"]["text"]) == ("s3cret", text)


async def test_polling_is_a_conflict_while_a_webhook_is_set(
    bot: Bot, receiver: Receiver, hook_url: str
) -> None:
    await bot.call("setWebhook", url=hook_url)
    assert (await bot.call("getWebhookInfo"))["url"] == hook_url
    code, words = await bot.refusal("getUpdates")
    assert code == 409
    assert "while webhook is active" in words
    await bot.call("deleteWebhook")
    assert (await bot.call("getWebhookInfo"))["url"] == ""
    assert await bot.call("getUpdates") == []


async def test_a_refused_delivery_is_tried_again_and_reported(
    bot: Bot, people: People, receiver: Receiver, hook_url: str, world: World
) -> None:
    world.webhook.retry_seconds = 0
    receiver.refusals = 1
    await bot.call("setWebhook", url=hook_url)
    await people.say("persistent")
    await receiver.got.get()
    info = await bot.call("getWebhookInfo")
    assert info["last_error_message"].startswith("Wrong response from the webhook: 503")


async def test_a_webhook_elsewhere_is_refused(bot: Bot) -> None:
    code, words = await bot.refusal("setWebhook", url="https://example.org/hook")
    assert code == 400
    assert "loopback" in words


async def test_pending_updates_can_be_dropped(
    bot: Bot, people: People, local: LocalTelegram
) -> None:
    await people.say("forget me")
    assert (await bot.call("getWebhookInfo"))["pending_update_count"] == 1
    await bot.call("deleteWebhook", drop_pending_updates=True)
    assert await bot.call("getUpdates") == []


async def test_a_secret_of_other_letters_is_refused(bot: Bot) -> None:
    refusal = await bot.refusal("setWebhook", url="http://127.0.0.1:9/", secret_token="ü")
    assert refusal == (400, "Bad Request: secret token contains unallowed characters")


async def test_a_webhook_remembers_allowed_updates_and_can_drop_what_waits(
    bot: Bot, people: People, receiver: Receiver, hook_url: str
) -> None:
    await people.say("dropped")
    await bot.call(
        "setWebhook",
        url=hook_url,
        allowed_updates=["message"],
        drop_pending_updates=True,
        max_connections=3,
    )
    await people.say("delivered")
    _, update = await receiver.got.get()
    assert update["message"]["text"] == "delivered"
    info = await bot.call("getWebhookInfo")
    assert (info["allowed_updates"], info["max_connections"]) == (["message"], 3)
    await bot.call("setWebhook", url="")
    assert (await bot.call("getWebhookInfo"))["url"] == ""
