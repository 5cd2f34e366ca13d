"""Second taps, old cards, two people at once, and data that no button of ours carries."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from pathlib import Path

from app.models import DeliveryState, Role
from bot.callback_data import Action, Press
from bot.demo import membership
from bot.demo.records import Callback, User
from tests.bot.driver import Desk, actions, datas, served_desk
from tests.bot.states import ADA

RUNS = 50
LOST = ("Already", "This card is old", "Its picture is being painted")
GARBAGE = [
    "",
    "v1",
    "hello",
    "v0|ok|1|1|",
    "v1|ok|1|1",
    "v1|ok|1|1||",
    "v1|nothing|1|1|",
    "v1|ok|-1|1|",
    "v1|ok|1|-1|",
    "v1|ok|zzzzzzzzzzzzzzzzzzzz|1|",
    "v1|ok|1|zzzzzzzzzzzzzzzzzzzz|",
    "v1|ok|99|1|",
    "v1|at|1|1|!!",
    "v1|at|1|1|zzzzzzzzzzzz",
    "v1|at|1|1|-1",
    "v1|ok|1|1|zzzzzzzzzzzz",
    "v1|lang|0|0|xx",
    "v1|lang|0|0|",
    "v1|seen|1|1|",
    "v1|post|99|1|",
    "v1|drop|1|1|",
    "v1|show|99|1|",
    "v1|back|99|1|",
    "v1|restore|1|1|",
    "v1|keep|1|1|",
    "v1|look|1|1|",
    "\u0000\u202e|||",
]


async def colleague(desk: Desk, name: str = "Grace", role: Role = Role.APPROVER) -> User:
    """Another member."""
    user = desk.world.add_user(name, None, "en")
    brand = await desk.services.members.brand()
    async with desk.services.store.write() as tx:
        await tx.members.add(
            brand_id=brand.id,
            user_id=user.id,
            role=role,
            name=name,
            language="en",
            created_at=desk.clock.now(),
        )
    return user


def queued_tap(
    desk: Desk, message_id: int, data: str, user: User, *, chat_id: int | None = None
) -> Callback:
    """A tap as a forger would send it: the message need not have that button."""
    where = desk.person.id if chat_id is None else chat_id
    messages = desk.world.chats[where].messages
    message = messages[message_id]
    button = {"text": "?", "callback_data": data}
    messages[message_id] = dataclasses.replace(message, markup={"inline_keyboard": [[button]]})
    callback = desk.tap_data(message_id, data, who=user, chat_id=where)
    messages[message_id] = message
    return callback


def team_group(desk: Desk, *others: User) -> int:
    """A group with the bot and these people."""
    group = desk.world.add_chat("group", "Desk", creator_id=desk.person.id)
    for user in (desk.world.bot, *others):
        membership.join(desk.world, group.id, user.id)
    return group.id


async def test_a_second_tap_hears_that_it_was_approved_already_and_by_whom(desk: Desk) -> None:
    await desk.connected()
    card = await desk.made()
    approve = datas(card)[0]
    first = desk.tap_data(card["message_id"], approve)
    second = desk.tap_data(card["message_id"], approve)
    assert "goes out" in await desk.answer_to(first)
    assert await desk.answer_to(second) == desk.texts("stale.scheduled", who="Ada")
    assert len(await desk.services.schedule.queue(limit=9)) == 1


async def test_a_card_from_before_an_edit_approves_nothing(desk: Desk) -> None:
    await desk.connected()
    card = await desk.made()
    approve = datas(card)[0]
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.say("New words")
    await desk.card_is("review", version=2)
    answer = await desk.answer_to(queued_tap(desk, card["message_id"], approve, desk.person))
    assert answer == desk.texts("stale.changed")
    assert not await desk.services.schedule.queue(limit=9)


async def test_an_echo_from_before_an_edit_schedules_nothing(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    await desk.say("in 2 h")
    echo = await desk.told("ask.confirm_time")
    await desk.services.drafts.edit_text(1, 1, ADA, "New words")
    await desk.quiet()
    answer = await desk.answer_to(desk.tap_data(echo["message_id"], datas(echo)[0]))
    assert answer == desk.texts("stale.changed")
    assert not await desk.services.schedule.queue(limit=9)


async def test_two_people_at_once_have_one_winner_and_the_loser_hears_who(
    tmp_path: Path,
) -> None:
    moves = (Action.APPROVE, Action.DISCARD, Action.REGENERATE, Action.THEME)
    rng = random.Random(7)
    async with served_desk(tmp_path) as desk:
        grace = await colleague(desk)
        group = team_group(desk, grace)
        await desk.connected()
        for number in range(1, RUNS + 1):
            card = await desk.made(chat_id=group)
            found = {Press.unpack(data).action: data for data in datas(card)}
            hands = [(desk.person, rng.choice(moves)), (grace, rng.choice(moves))]
            rng.shuffle(hands)
            taps = [
                queued_tap(desk, card["message_id"], found[action], user, chat_id=group)
                for user, action in hands
            ]
            answers = await asyncio.gather(*(desk.answer_to(tap) for tap in taps))
            lost = [answer for answer in answers if answer.startswith(LOST)]
            assert len(lost) == 1, (number, hands, answers)
            winner = hands[answers.index(lost[0]) - 1][0]
            if lost[0].startswith("Already"):
                assert lost[0].endswith(f"by {winner.first_name}."), (hands, answers)
        await desk.quiet()
        async with desk.services.store.read() as tx:
            deliveries = await tx.deliveries.find(state=DeliveryState.SCHEDULED)
            drafts = {one.draft_id for one in deliveries}
        assert len(drafts) == len(deliveries)


async def test_eight_taps_on_one_approve_button_make_one_post(desk: Desk) -> None:
    await desk.connected()
    card = await desk.made()
    taps = [desk.tap_data(card["message_id"], datas(card)[0]) for _hand in range(8)]
    answers = await asyncio.gather(*(desk.answer_to(tap) for tap in taps))
    assert sum(answer == desk.texts("stale.scheduled", who="Ada") for answer in answers) == 7
    assert len(await desk.services.schedule.queue(limit=9)) == 1


async def test_garbage_is_answered_and_changes_nothing(desk: Desk) -> None:
    await desk.connected()
    card = await desk.made()
    before = await desk.draft()
    for data in GARBAGE:
        answer = await desk.answer_to(queued_tap(desk, card["message_id"], data, desk.person))
        assert answer or Press.unpack(data).action is Action.BACK, data
        assert "code" not in answer, data
    await desk.quiet()
    assert await desk.draft() == before
    assert not await desk.services.schedule.queue(limit=9)
    async with desk.services.store.read() as tx:
        assert [member.language for member in await tx.members.find()] == ["en"]


async def test_a_tap_that_is_answered_too_late_does_its_work_all_the_same(desk: Desk) -> None:
    await desk.connected()
    card = await desk.made()
    tap = desk.tap_data(card["message_id"], datas(card)[0])
    desk.world.clock.advance(20)
    await desk.card_is("scheduled")
    await desk.quiet()
    tap.answer = {}


async def test_two_approvals_in_a_row_never_share_a_slot(desk: Desk) -> None:
    await desk.connected()
    first, second = await desk.made(), await desk.made("Cold chain loggers #iot")
    same = datas(first)[0].rpartition("|")[2]
    assert datas(second)[0].endswith(same)
    assert "goes out" in await desk.answer_to(desk.tap_data(first["message_id"], datas(first)[0]))
    answer = await desk.answer_to(
        queued_tap(desk, second["message_id"], datas(second)[0], desk.person)
    )
    assert answer == desk.texts("error.slot_taken")
    fresh = await desk.until(
        lambda: (c := desk.card(2)) and not datas(c)[0].endswith(same) and c, "another slot"
    )
    assert Action.APPROVE in actions(fresh)
    await desk.tap(Action.APPROVE, number=2)
    await desk.card_is("scheduled", number=2)
    dues = [one.due for one, _draft in await desk.services.schedule.queue(limit=9)]
    assert len(set(dues)) == 2


async def test_a_card_that_lay_overnight_names_a_new_time_when_its_own_is_past(desk: Desk) -> None:
    await desk.connected()
    card = await desk.made()
    desk.clock.advance(26 * 3600)
    answer = await desk.answer_to(desk.tap_data(card["message_id"], datas(card)[0]))
    assert answer == desk.texts("error.time_in_past")
    old = datas(card)[0]
    await desk.until(lambda: (c := desk.card()) and datas(c)[0] != old, "a later slot")
    await desk.tap(Action.APPROVE)
    await desk.card_is("scheduled")
