"""The one door: members pass, nobody else costs anything, whatever they send."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import func, select
from telegram import Update
from telegram.ext import BaseHandler

from app.models import DestinationState, Role
from app.storage import tables
from bot.access import ANONYMOUS_ADMIN, check_access
from bot.callback_data import Action
from bot.demo import membership
from bot.demo.records import User
from tests.bot.driver import Desk, actions, datas
from tests.bot.test_stale_and_double import colleague, queued_tap, team_group

Json = dict[str, Any]
#: the ids that the local server gives to what `places` makes
STRANGER, GROUP_ID, SUPER_ID, CHANNEL = 1002, -5001, -1_001_000_000_002, -1_001_000_000_003
#: what a stranger may leave behind: the update as received, and when they were answered
UNCOUNTED = ("inbox", "stranger", "note")


async def rows(desk: Desk) -> Mapping[str, int]:
    """How many rows every table has."""
    async with desk.services.store.read() as tx:
        connection = tx.connection  # type: ignore[attr-defined]
        return {
            table.name: (
                await connection.execute(select(func.count()).select_from(table))
            ).scalar()
            for table in tables.metadata.sorted_tables
            if table.name not in UNCOUNTED
        }


def says(desk: Desk) -> list[str]:
    """The calls that put something in front of people."""
    return [c.method for c in desk.world.calls if c.method.startswith(("send", "edit", "answer"))]


def person(user_id: int = STRANGER, **more: Any) -> Json:
    return {"id": user_id, "is_bot": False, "first_name": "Mallory", **more}


def private(user_id: int = STRANGER) -> Json:
    return {"id": user_id, "type": "private", "first_name": "Mallory"}


GROUP: Json = {"id": GROUP_ID, "type": "group", "title": "Somebody's group"}
SUPER: Json = {"id": SUPER_ID, "type": "supergroup", "title": "Another group"}
BROADCAST: Json = {"id": CHANNEL, "type": "channel", "title": "Mallory's channel"}


def message(chat: Json, **more: Any) -> Json:
    return {"message_id": 1, "date": 1_790_000_000, "chat": chat, **more}


def text(words: str) -> Json:
    """A message's text, with its command told as Telegram tells it."""
    if not words.startswith("/"):
        return {"text": words}
    length = len(words.split()[0])
    return {"text": words, "entities": [{"type": "bot_command", "offset": 0, "length": length}]}


#: everything the application has a handler for, by what the handler is
SENT: dict[str, Json] = {
    "start": text("/start"),
    "new": text("/new Free pictures for me #iot"),
    "prompt_first": text("/prompt Free pictures for me #iot"),
    "drafts": text("/drafts"),
    "queue": text("/queue"),
    "channels": text("/channels"),
    "ask_language": text("/language"),
    "cancel": text("/cancel"),
    "show_help": text("/unknown"),
    "on_text": text("Free pictures for me #iot"),
    "unsupported": {
        "sticker": {
            "file_id": "s",
            "file_unique_id": "s",
            "type": "regular",
            "width": 9,
            "height": 9,
            "is_animated": False,
            "is_video": False,
        }
    },
}
ANONYMOUS: Json = {
    "id": ANONYMOUS_ADMIN,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
Wrap = Callable[[Json], Json]
#: who sends it, and how the update looks then
SENDERS: dict[str, Wrap] = {
    "a stranger": lambda sent: {"message": message(private(), **{"from": person()}, **sent)},
    "a member of a group": lambda sent: {"message": message(GROUP, **{"from": person()}, **sent)},
    "another bot": lambda sent: {
        "message": message(GROUP, **{"from": person() | {"is_bot": True}}, **sent)
    },
    "an anonymous admin": lambda sent: {
        "message": message(SUPER, **{"from": ANONYMOUS}, sender_chat=SUPER, **sent)
    },
    "a channel in a group": lambda sent: {
        "message": message(SUPER, **{"from": person(136817688)}, sender_chat=BROADCAST, **sent)
    },
    "a channel's own post in its group": lambda sent: {
        "message": message(
            SUPER,
            **{"from": person(777000)},
            sender_chat=BROADCAST,
            is_automatic_forward=True,
            **sent,
        )
    },
    "a stranger who edits": lambda sent: {
        "edited_message": message(private(), edit_date=1_790_000_001, **{"from": person()}, **sent)
    },
    "a stranger who forwards": lambda sent: {
        "message": message(
            private(),
            forward_origin={"type": "hidden_user", "sender_user_name": "X", "date": 1},
            **{"from": person()},
            **sent,
        )
    },
    "a channel": lambda sent: {"channel_post": message(BROADCAST, sender_chat=BROADCAST, **sent)},
    "a channel that edits": lambda sent: {
        "edited_channel_post": message(BROADCAST, sender_chat=BROADCAST, edit_date=1, **sent)
    },
}
_numbers = itertools.count(70_000_000)


def places(desk: Desk) -> None:
    """A stranger and chats of theirs, each with the bot and a message to answer to."""
    world = desk.world
    mallory = world.add_user("Mallory", None, "en")
    kinds = ("group", "supergroup", "channel")
    others = [world.add_chat(kind, f"A {kind}", creator_id=mallory.id) for kind in kinds]
    made = [world.chats[mallory.id], *others]
    assert [chat.id for chat in made] == [STRANGER, GROUP_ID, SUPER_ID, CHANNEL]
    for chat in made:
        if chat.type.endswith("group"):
            membership.join(world, chat.id, world.bot.id)
        if not chat.messages:
            world.post(chat, author_id=mallory.id, sender=mallory, text="?")


async def receive(desk: Desk, fields: Json) -> None:
    """Hand the application an update as if it had been polled."""
    update = Update.de_json({"update_id": next(_numbers), **fields}, desk.bot.application.bot)
    await desk.bot.application.update_queue.put(update)
    await desk.quiet()


def handled(handler: BaseHandler[Any, Any, Any]) -> str:
    return handler.callback.__name__


async def test_the_matrix_knows_every_handler_there_is(desk: Desk) -> None:
    groups = desk.bot.application.handlers
    first = groups[min(groups)]
    assert [handler.callback for handler in first] == [check_access]
    known = {*SENT, "on_press", "on_my_membership"}
    assert {handled(one) for one in groups[0]} == known
    assert set(groups) == {-1, 0}


@pytest.mark.parametrize("sender", SENDERS)
async def test_nobody_but_a_member_changes_or_orders_anything(desk: Desk, sender: str) -> None:
    places(desk)
    await desk.quiet()
    before, files = await rows(desk), set(desk.folder.iterdir())
    for sent in SENT.values():
        await receive(desk, SENDERS[sender](sent))
    assert await rows(desk) == before
    assert len(says(desk)) <= 1
    assert {f.suffix for f in set(desk.folder.iterdir()) - files} <= {".db-wal", ".db-shm", ""}


async def test_a_stranger_gets_one_line_a_day_with_their_id(desk: Desk) -> None:
    mallory = desk.world.add_user("Mallory", None, "tr")
    for words in ("Hello", "/start", "/new Free pictures", "Hello?"):
        await desk.say(words, who=mallory)
    await desk.quiet()
    lines = desk.of_bot(mallory.id)
    assert [str(mallory.id) in line["text"] for line in lines] == [True]
    assert "şirket" in lines[0]["text"]
    desk.clock.advance(25 * 3600)
    await desk.say("And today?", who=mallory)
    await desk.quiet()
    assert len(desk.of_bot(mallory.id)) == 2


async def test_a_stranger_heard_in_a_group_is_still_answered_in_private(desk: Desk) -> None:
    mallory = desk.world.add_user("Mallory", None, "en")
    group = team_group(desk, mallory)
    await desk.say("/start", who=mallory, chat_id=group)
    await desk.quiet()
    assert not desk.of_bot(group)
    await desk.say("/start", who=mallory)
    await desk.quiet()
    assert str(mallory.id) in desk.of_bot(mallory.id)[0]["text"]


async def test_a_stranger_s_tap_decides_nothing(desk: Desk) -> None:
    mallory = desk.world.add_user("Mallory", None, "en")
    group = team_group(desk, mallory)
    await desk.connected()
    card = await desk.made(chat_id=group)
    before = await rows(desk)
    for data in datas(card):
        tap = queued_tap(desk, card["message_id"], data, mallory, chat_id=group)
        await desk.quiet()
        said = (tap.answer or {}).get("text")
        assert said is None or str(mallory.id) in said
        tap.answer = tap.answer or {}
    assert await rows(desk) == before
    assert (await desk.draft()).state == "review"


async def test_a_viewer_looks_but_changes_nothing(desk: Desk) -> None:
    viewer = await colleague(desk, "Vera", Role.VIEWER)
    group = team_group(desk, viewer)
    await desk.connected()
    card = await desk.made(chat_id=group)
    before = await desk.draft()
    for data in datas(card):
        tap = queued_tap(desk, card["message_id"], data, viewer, chat_id=group)
        assert await desk.answer_to(tap) == desk.texts("error.viewer")
    for words in ("A topic of mine #iot", "/new A topic #iot", "/prompt A topic #iot"):
        await desk.say(words, who=viewer)
    await desk.say("/drafts", who=viewer)
    listed = await desk.told("drafts.title", chat_id=viewer.id)
    await desk.quiet()
    refused = [m for m in desk.of_bot(viewer.id) if m["text"] == desk.texts("error.viewer")]
    assert len(refused) == 3
    assert actions(listed) == [Action.SHOW]
    assert await desk.draft() == before
    async with desk.services.store.read() as tx:
        assert len(await tx.drafts.find()) == 1


async def test_a_former_member_is_a_stranger(desk: Desk) -> None:
    await desk.say("/drafts")
    await desk.told("drafts.none")
    await desk.stop()
    desk.extra = {"owner_ids": frozenset()}
    await desk.start()
    await desk.say("/queue")
    await desk.told("stranger.line")
    await desk.quiet()
    assert len(desk.of_bot()) == 2


async def test_a_stranger_s_channel_is_not_connected(desk: Desk) -> None:
    mallory = desk.world.add_user("Mallory", None, "en")
    theirs = desk.world.add_chat("channel", "Mallory's", creator_id=mallory.id)
    membership.promote(desk.world, theirs.id, by=mallory.id)
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert not await tx.destinations.find()
    assert not desk.of_bot()


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.APPROVER, Role.VIEWER])
async def test_only_an_owner_connects_a_channel(desk: Desk, role: Role) -> None:
    other = await colleague(desk, "Grace", role)
    desk.connect(by=other)
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert not await tx.destinations.find()


async def test_an_administrator_without_the_right_to_post_is_no_channel(desk: Desk) -> None:
    membership.promote(
        desk.world, desk.channel_id, by=desk.person.id, rights={"can_post_messages": False}
    )
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert not await tx.destinations.find()


@pytest.mark.parametrize("kick", [False, True])
async def test_a_lost_right_breaks_the_channel_and_tells_the_owner_once(
    desk: Desk, kick: bool
) -> None:
    await desk.connected()
    await desk.made()
    membership.demote(desk.world, desk.channel_id, by=desk.person.id, kick=kick)
    notice = await desk.told("notice.broken")
    assert desk.texts("reason.left" if kick else "reason.permission") in notice["text"]
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert [one.state for one in await tx.destinations.find()] == [DestinationState.BROKEN]
    await desk.say("/channels")
    listed = await desk.told("channels.title")
    assert "✕ Meridian Sensors" in listed["text"]
    await desk.card_says(desk.texts("card.no_channel"))
    desk.connect()
    await desk.told("notice.connected", after=notice["message_id"])


async def test_every_owner_hears_of_a_channel_even_if_one_never_wrote_to_the_bot(
    desk: Desk,
) -> None:
    await desk.quiet()
    await desk.stop()
    absent, blocker = 424_242, desk.world.add_user("Bo", None, "en")
    third: User = desk.world.add_user("Cy", None, "en")
    membership.block(desk.world, blocker.id, blocked=True)
    desk.extra = {
        "owner_ids": frozenset({absent, blocker.id, third.id, desk.person.id}),
    }
    await desk.start()
    desk.connect()
    for owner in (desk.person, third):
        await desk.told("notice.connected", chat_id=owner.id)
    await desk.quiet()
    for owner in (desk.person, third):
        assert len(desk.of_bot(owner.id)) == 1
