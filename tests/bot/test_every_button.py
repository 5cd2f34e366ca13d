"""Walks every keyboard of every state: no button is dead, and no action has no button."""

from __future__ import annotations

from typing import Any

import pytest

from bot.callback_data import Action, Press
from bot.demo.transcript import tell
from bot.handlers.press import ACTIONS
from bot.texts import load
from tests.bot.driver import Desk, Shown, actions, datas, sentence_pattern
from tests.bot.states import FAILURES, RESUMABLE, STATES, Build, approved, failed, review

INTERNAL = sentence_pattern(load("en").template("error.internal"))
#: cards that offer nothing because nothing can be done at that moment, or a link only
SILENT = {"sending", "published"}


async def test_every_action_has_something_to_do() -> None:
    assert ACTIONS.keys() == set(Action)


async def shown(desk: Desk, build: Build) -> Shown:
    """A fresh draft in a state, its card drawn."""
    number = await build(desk)
    await desk.quiet()
    card = desk.card(number)
    assert card is not None
    return card


def seen(desk: Desk) -> list[Any]:
    """All that the person sees of the chat."""
    return [(m["text"], m["keyboard"], m["photo"], m["force_reply"]) for m in desk.messages()]


async def pressed(desk: Desk, message: Shown, data: str) -> None:
    """Tap it: an answer comes, and it says something or something changes."""
    before = seen(desk)
    answer = await desk.answer_to(desk.tap_data(message["message_id"], data))
    await desk.quiet()
    what = f"{Press.unpack(data)} under {message['text'][:60]!r}"
    assert answer or seen(desk) != before, f"{what} did nothing"
    assert not INTERNAL.search(answer + tell(desk.world, None)), f"{what} broke something"


@pytest.mark.parametrize("state", STATES)
async def test_no_button_of_a_card_is_dead(desk: Desk, state: str) -> None:
    await desk.connected()
    card = await shown(desk, STATES[state])
    assert bool(datas(card)) is (state not in SILENT)
    for place in range(len(datas(card))):
        fresh = await shown(desk, STATES[state])
        await pressed(desk, fresh, datas(fresh)[place])


@pytest.mark.parametrize("state", ["review", "scheduled"])
async def test_no_button_of_the_times_is_dead(desk: Desk, state: str) -> None:
    await desk.connected()

    async def sheet() -> Shown:
        card = await shown(desk, STATES[state])
        number = int(card["text"][1:].partition(" ")[0])
        await desk.tap(Action.TIMES, number=number)
        await desk.until(lambda: desk.button(Action.BACK, number=number))
        return desk.card(number) or card

    for place in range(len(datas(await sheet()))):
        fresh = await sheet()
        await pressed(desk, fresh, datas(fresh)[place])


@pytest.mark.parametrize("state", ["review", "approved"])
async def test_without_a_channel_no_button_is_dead_either(desk: Desk, state: str) -> None:
    build = {"review": review, "approved": approved}[state]
    for place in range(len(datas(await shown(desk, build)))):
        fresh = await shown(desk, build)
        await pressed(desk, fresh, datas(fresh)[place])


async def test_no_button_of_the_lists_the_echo_and_the_languages_is_dead(desk: Desk) -> None:
    await desk.connected()
    await shown(desk, STATES["scheduled"])
    await desk.say("/language")
    message = await desk.told("language_choice.ask")
    for data in reversed(datas(message)):
        await pressed(desk, message, data)
    for command, title in (("/drafts", "drafts.title"), ("/queue", "queue.title")):
        await desk.say(command)
        message = await desk.told(title)
        await pressed(desk, message, datas(message)[0])
    for place in range(2):
        card = await shown(desk, STATES["review"])
        number = int(card["text"][1:].partition(" ")[0])
        await desk.tap(Action.TIMES, number=number)
        await desk.tap(Action.TYPE_TIME, number=number)
        question = await desk.until(lambda n=number: last_question(desk, n))  # type: ignore[misc]
        await desk.say("in 3 h")
        echo = await desk.told("ask.confirm_time", after=question["message_id"])
        await pressed(desk, echo, datas(echo)[place])


def last_question(desk: Desk, number: int) -> Shown | None:
    asked = [m for m in desk.of_bot() if m["force_reply"] and f"#{number}" in m["text"]]
    return asked[-1] if asked else None


async def test_every_failure_has_its_sentence_and_a_way_on(desk: Desk) -> None:
    for code in FAILURES:
        card = await shown(desk, failed(code, earlier=True))
        assert desk.texts(f"failure.{code}") in card["text"], code
        offered = actions(card)
        assert Action.REGENERATE in offered
        assert Action.KEEP_PREVIOUS in offered
        assert Action.EDIT_PROMPT in offered
        assert (Action.LOOK_AGAIN in offered) is (code in RESUMABLE), code


async def test_every_action_stands_on_some_keyboard(desk: Desk) -> None:
    found: set[Action] = set()
    await desk.made()
    await desk.connected()
    for build in STATES.values():
        found |= set(actions(await shown(desk, build)))
    number = int((await shown(desk, STATES["review"]))["text"][1:].partition(" ")[0])
    await desk.tap(Action.TIMES, number=number)
    message, _data = await desk.until(lambda: desk.button(Action.BACK, number=number))
    found |= set(actions(message))
    await desk.say("/language")
    found |= set(actions(await desk.told("language_choice.ask")))
    await desk.say("/drafts")
    found |= set(actions(await desk.told("drafts.title")))
    assert found == set(Action)
