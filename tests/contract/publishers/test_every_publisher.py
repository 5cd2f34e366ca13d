"""What holds for every destination, the tests' own included: the ledger is what people see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from app.captions import utf16_length
from app.errors import PublishRejected, PublishUnknown
from app.models import Destination, DestinationState
from app.net.client import NetClient
from app.net.pacing import ChatPace
from app.orders import OutgoingPost, PictureFile
from app.ports import Publisher
from app.publishers.telegram import TelegramPublisher
from bot.demo.server import serve
from bot.demo.world import create_world
from tests.fakes.clock import FakeClock
from tests.fakes.publisher import FakePublisher, lost

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Stage(Protocol):
    """A destination with people who look at it, and somebody who can break it."""

    publisher: Publisher
    destination: Destination

    async def live(self) -> list[str]:
        """The texts that people see there."""

    async def refuse(self) -> None:
        """Take the right to post away."""

    async def lose_the_answer(self, *, live: bool) -> None:
        """Let the next post's answer be lost, after or before it took effect."""


def destination(address: str) -> Destination:
    return Destination(
        id=1,
        brand_id=1,
        kind="telegram",
        address=address,
        title="Channel",
        username="greenhouse",
        state=DestinationState.ACTIVE,
        problem=None,
        added_by=None,
        created_at=NOW,
        checked_at=None,
    )


class InMemory:
    """The tests' own destination."""

    def __init__(self) -> None:
        self.publisher = FakePublisher()
        self.destination = destination("-1001000000001")

    async def live(self) -> list[str]:
        return [one.post.text for one in self.publisher.live]

    async def refuse(self) -> None:
        self.publisher.denied = PublishRejected("no", reason="permission")

    async def lose_the_answer(self, *, live: bool) -> None:
        self.publisher.live_anyway, self.publisher.goes = live, [lost()]


class OnTelegram:
    """The real publisher and the local Bot API server."""

    def __init__(
        self, publisher: Publisher, people: httpx.AsyncClient, address: str, clock: FakeClock
    ) -> None:
        self.publisher = publisher
        self.clock = clock
        self.destination = destination(address)
        self.people = people

    async def live(self) -> list[str]:
        found = await self.people.get(f"/sim/chats/{self.destination.address}/messages")
        messages = found.raise_for_status().json()["messages"]
        return [one["text"] for one in messages if one["photo"]]

    async def ask(self, path: str, **body: object) -> None:
        answer = await self.people.post(f"/sim/{path}", json=body)
        answer.raise_for_status()

    async def refuse(self) -> None:
        await self.ask("demote", chat_id=int(self.destination.address), kick=True)

    async def lose_the_answer(self, *, live: bool) -> None:
        await self.ask("faults", method="sendPhoto", kind="drop", after=live)


@asynccontextmanager
async def on_telegram() -> AsyncIterator[OnTelegram]:
    world, clock = create_world(), FakeClock()
    async with (
        serve(world) as local,
        NetClient() as net,
        httpx.AsyncClient(base_url=local.url, trust_env=False) as people,
    ):
        chat = world.add_chat("channel", "Greenhouse", creator_id=world.person.id)
        stage = OnTelegram(
            TelegramPublisher(
                net,
                token=SecretStr(world.token),
                base_url=local.url,
                pace=ChatPace(now=clock.monotonic, sleep=clock.sleep),
            ),
            people,
            str(chat.id),
            clock,
        )
        await stage.ask("promote", chat_id=chat.id)
        yield stage


@asynccontextmanager
async def in_memory() -> AsyncIterator[InMemory]:
    yield InMemory()


@pytest.fixture(params=[in_memory, on_telegram])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with request.param() as made:
        yield made


@pytest.fixture
async def telegram() -> AsyncIterator[OnTelegram]:
    async with on_telegram() as made:
        yield made


@pytest.fixture
def post(tmp_path: Path) -> OutgoingPost:
    path = tmp_path / "picture.jpg"
    Image.new("RGB", (64, 48), "teal").save(path, "JPEG")
    size = path.stat().st_size
    return OutgoingPost(
        text="Sera için ölçüm 🌱\n\n#iot <b>&",
        picture=PictureFile(
            path=str(path), mime="image/jpeg", width=64, height=48, file_size=size
        ),
        alt_text="A teal field",
    )


async def test_a_post_is_seen_exactly_as_written(stage: Stage, post: OutgoingPost) -> None:
    receipt = await stage.publisher.publish(stage.destination, post, key="k1")
    assert await stage.live() == [post.text]
    assert receipt.remote_id
    assert receipt.url == f"https://t.me/greenhouse/{receipt.remote_id}"


async def test_each_call_is_a_post(stage: Stage, post: OutgoingPost) -> None:
    """So nobody may call twice without knowing what the first call did."""
    one = await stage.publisher.publish(stage.destination, post, key="k1")
    two = await stage.publisher.publish(stage.destination, post, key="k2")
    assert len(await stage.live()) == 2
    assert one.remote_id != two.remote_id


async def test_a_destination_that_nobody_posts_to_is_ready(stage: Stage) -> None:
    await stage.publisher.ready(stage.destination)


async def test_a_preflight_passes_where_posting_is_possible(stage: Stage) -> None:
    await stage.publisher.preflight(stage.destination)


async def test_a_preflight_refuses_where_it_is_not(stage: Stage) -> None:
    await stage.refuse()
    with pytest.raises(PublishRejected) as caught:
        await stage.publisher.preflight(stage.destination)
    assert caught.value.reason in {"permission", "gone"}


@pytest.mark.parametrize("live", [True, False])
async def test_a_lost_answer_is_unknown_whatever_happened(
    stage: Stage, post: OutgoingPost, live: bool
) -> None:
    await stage.lose_the_answer(live=live)
    with pytest.raises(PublishUnknown):
        await stage.publisher.publish(stage.destination, post, key="k1")
    assert len(await stage.live()) == int(live)


async def test_without_a_way_to_look_nothing_is_found(stage: Stage, post: OutgoingPost) -> None:
    """`dedupe` is "none": a person is asked."""
    await stage.publisher.publish(stage.destination, post, key="k1")
    found = await stage.publisher.find(stage.destination, key="k1", since=NOW)
    assert (stage.publisher.dedupe, found) == ("none", None)


async def test_a_post_can_be_taken_back(stage: Stage, post: OutgoingPost) -> None:
    receipt = await stage.publisher.publish(stage.destination, post, key="k1")
    assert await stage.publisher.delete(stage.destination, receipt.remote_id)
    assert await stage.live() == []


async def test_what_is_not_there_cannot_be_taken_back(stage: Stage) -> None:
    assert not await stage.publisher.delete(stage.destination, "999")


async def test_a_text_as_long_as_allowed_is_taken(stage: Stage, post: OutgoingPost) -> None:
    text = "🌱" * (stage.publisher.text_limit // 2)
    assert utf16_length(text) == stage.publisher.text_limit
    whole = OutgoingPost(text=text, picture=post.picture, alt_text="")
    await stage.publisher.publish(stage.destination, whole, key="k1")
    assert await stage.live() == [text]


async def test_telegram_takes_its_own_id_of_a_picture(
    telegram: OnTelegram, post: OutgoingPost
) -> None:
    first = await telegram.publisher.publish(telegram.destination, post, key="k1")
    again = OutgoingPost(
        text="Again",
        picture=PictureFile(path="gone.jpg", mime="image/jpeg", width=1, height=1, file_size=1),
        alt_text="",
        cached_id=first.cached_id,
    )
    await telegram.publisher.publish(telegram.destination, again, key="k2")
    assert await telegram.live() == [post.text, "Again"]


async def test_an_id_of_another_bot_is_replaced_by_an_upload(
    telegram: OnTelegram, post: OutgoingPost
) -> None:
    strange = OutgoingPost(
        text=post.text, picture=post.picture, alt_text="", cached_id="AgACnot-ours"
    )
    await telegram.publisher.publish(telegram.destination, strange, key="k1")
    assert await telegram.live() == [post.text]


@pytest.mark.parametrize(
    "fault,reason",
    [
        ({"kind": "429", "retry_after": 7}, "quota"),
        ({"kind": "403"}, "permission"),
        (
            {"kind": "403", "description": "Forbidden: bot was kicked from the chat"},
            "gone",
        ),
        ({"kind": "400", "description": "Bad Request: chat not found"}, "gone"),
        ({"kind": "400", "description": "Bad Request: not enough rights to send"}, "permission"),
        ({"kind": "400", "description": "Bad Request: PHOTO_INVALID_DIMENSIONS"}, "content"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
async def test_telegrams_refusals_have_their_reasons(
    telegram: OnTelegram, post: OutgoingPost, fault: dict[str, object], reason: str
) -> None:
    await telegram.ask("faults", method="sendPhoto", **fault)
    with pytest.raises(PublishRejected) as caught:
        await telegram.publisher.publish(telegram.destination, post, key="k1")
    assert caught.value.reason == reason
    assert await telegram.live() == []
    if reason == "quota":
        assert caught.value.retry_after is not None
        assert caught.value.retry_after.total_seconds() == 7


@pytest.mark.parametrize("kind", ["500", "502", "html"])
async def test_a_server_error_after_the_bytes_left_is_unknown(
    telegram: OnTelegram, post: OutgoingPost, kind: str
) -> None:
    await telegram.ask("faults", method="sendPhoto", kind=kind, after=True)
    with pytest.raises(PublishUnknown):
        await telegram.publisher.publish(telegram.destination, post, key="k1")
    assert len(await telegram.live()) == 1


@pytest.mark.parametrize("kind", ["500", "502", "html", "drop", "429"])
async def test_trouble_in_a_preflight_is_only_a_pause(telegram: OnTelegram, kind: str) -> None:
    await telegram.ask("faults", method="getChatMember", kind=kind)
    with pytest.raises(PublishRejected) as caught:
        await telegram.publisher.preflight(telegram.destination)
    assert caught.value.reason in {"transient", "quota"}


async def test_telegram_refuses_where_the_bot_is_no_administrator(telegram: OnTelegram) -> None:
    """Removed from the channel but not banned."""
    await telegram.ask("demote", chat_id=int(telegram.destination.address))
    with pytest.raises(PublishRejected) as caught:
        await telegram.publisher.preflight(telegram.destination)
    assert caught.value.reason in {"permission", "gone"}


async def test_a_server_that_is_not_there_is_a_transient_refusal(post: OutgoingPost) -> None:
    clock = FakeClock()
    async with NetClient() as net:
        publisher = TelegramPublisher(
            net,
            token=SecretStr("42:canary-canary-canary-canary"),
            base_url="http://127.0.0.1:9",
            pace=ChatPace(now=clock.monotonic, sleep=clock.sleep),
        )
        with pytest.raises(PublishRejected) as caught:
            await publisher.publish(destination("-1001"), post, key="k1")
    assert caught.value.reason == "transient"
    assert "canary" not in str(caught.value)


async def test_a_picture_that_is_gone_is_a_refusal_and_nothing_is_sent(
    telegram: OnTelegram, post: OutgoingPost
) -> None:
    gone = PictureFile(path="gone.jpg", mime="image/jpeg", width=1, height=1, file_size=1)
    with pytest.raises(PublishRejected) as caught:
        await telegram.publisher.publish(
            telegram.destination,
            OutgoingPost(text="x", picture=gone, alt_text=""),
            key="k1",
        )
    assert (caught.value.reason, await telegram.live()) == ("content", [])


async def test_telegrams_pause_is_waited_for_before_the_post_and_not_within(
    telegram: OnTelegram, post: OutgoingPost
) -> None:
    await telegram.ask("faults", method="sendPhoto", kind="429", retry_after=90)
    with pytest.raises(PublishRejected):
        await telegram.publisher.publish(telegram.destination, post, key="k1")
    await telegram.publisher.publish(telegram.destination, post, key="k2")
    assert telegram.clock.slept == []
    await telegram.publisher.ready(telegram.destination)
    assert telegram.clock.slept == [90.0]


async def test_posts_to_one_chat_take_turns(telegram: OnTelegram) -> None:
    start = telegram.clock.monotonic()
    for _ in range(20):
        await telegram.publisher.ready(telegram.destination)
    assert telegram.clock.monotonic() - start == pytest.approx(60)
