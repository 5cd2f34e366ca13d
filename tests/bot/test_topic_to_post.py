"""The way of one post in the chat, in both languages."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.captions import CAPTION_LIMIT, utf16_length
from app.models import DraftState
from bot.callback_data import Action, Press
from bot.texts import load
from tests.bot.driver import Desk, actions, labels

pytestmark = pytest.mark.parametrize("language", ["en", "tr"])

HIGH_NOON = {"en": "tomorrow 12:00", "tr": "yarın 12:00"}
NONSENSE = {"en": "when the sensors bloom", "tr": "sensörler çiçek açınca"}
PAST = {"en": "yesterday 10:00", "tr": "dün 10:00"}
SOON = {"en": "in 2 h", "tr": "2 saat sonra"}


async def scheduled(desk: Desk) -> None:
    """A draft of ours waits for its time."""
    await desk.connected()
    await desk.made()
    await desk.tap(Action.APPROVE)
    await desk.card_is("scheduled")


async def next_due(desk: Desk) -> datetime | None:
    waiting = await desk.services.schedule.queue(limit=1)
    return waiting[0][0].due if waiting else None


async def test_a_topic_is_painted_approved_at_the_named_slot_and_posted_then(desk: Desk) -> None:
    await desk.connected()
    card = await desk.painted()
    named = labels(card)[0]
    answer = await desk.tap(Action.APPROVE)
    assert answer.split()[-1].rstrip(".") in named
    await desk.card_is("scheduled")
    assert not desk.messages(desk.channel_id)
    due = await next_due(desk)
    assert due is not None
    desk.clock.advance((due - desk.clock.now()).total_seconds() - 2)
    await desk.time_comes()
    await desk.quiet()
    assert not desk.messages(desk.channel_id)
    desk.clock.advance_to(due)
    await desk.time_comes()
    await desk.card_is("published")
    await desk.told("notice.published")
    post = desk.messages(desk.channel_id)[0]
    assert post["text"] in card["text"]
    assert labels(await desk.card_is("published")) == [desk.texts("button.open_post")]


async def test_another_picture_is_a_new_version_on_the_same_card(desk: Desk) -> None:
    first = await desk.painted()
    assert await desk.tap(Action.REGENERATE) == desk.texts("done.painting")
    second = await desk.card_is("review", version=2)
    assert second["message_id"] == first["message_id"]
    assert second["photo"]["file_id"] != first["photo"]["file_id"]


async def test_a_quick_button_schedules_at_its_time(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    _message, data = await desk.until(lambda: desk.button(Action.AT))
    wanted = Press.unpack(data).when
    await desk.tap(Action.AT)
    await desk.card_is("scheduled")
    assert await next_due(desk) == wanted
    assert desk.button(Action.AT) is None


async def test_back_shows_the_card_s_own_buttons_again(desk: Desk) -> None:
    await desk.connected()
    before = await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.BACK)
    await desk.until(lambda: (c := desk.card()) and actions(c) == actions(before))


async def test_a_typed_time_is_echoed_with_its_zone_and_counts_after_ok(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    await desk.say(HIGH_NOON[desk.texts.language])
    echo = await desk.told("ask.confirm_time")
    assert "Europe/Istanbul" in echo["text"]
    assert await next_due(desk) is None
    await desk.tap(Action.AT)
    await desk.card_is("scheduled")
    due = await next_due(desk)
    assert due is not None
    local = due.astimezone(ZoneInfo("Europe/Istanbul"))
    tomorrow = (
        desk.clock.now().astimezone(ZoneInfo("Europe/Istanbul")) + timedelta(days=1)
    ).date()
    assert (local.date(), local.hour, local.minute) == (tomorrow, 12, 0)
    echo = next(m for m in desk.messages() if m["message_id"] == echo["message_id"])
    assert echo["keyboard"] == []


async def test_a_time_that_is_not_understood_or_past_is_asked_again(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    await desk.say(NONSENSE[desk.texts.language])
    await desk.told("error.time_unclear")
    await desk.say(PAST[desk.texts.language])
    await desk.told("error.time_in_past")
    await desk.say(SOON[desk.texts.language])
    await desk.told("ask.confirm_time")
    assert await next_due(desk) is None


async def test_change_under_the_echo_asks_for_the_time_again(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    first = await desk.asked("time")
    await desk.say(SOON[desk.texts.language])
    echo = await desk.told("ask.confirm_time")
    await desk.tap(Action.TYPE_TIME)
    await desk.told("ask.time", after=echo["message_id"])
    await desk.say(HIGH_NOON[desk.texts.language])
    await desk.told("ask.confirm_time", after=echo["message_id"])
    assert first["force_reply"] is not None


async def test_now_posts_at_once(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    assert await desk.tap(Action.NOW) == desk.texts("done.now")
    await desk.time_comes()
    await desk.card_is("published")
    assert len(desk.messages(desk.channel_id)) == 1


async def test_a_new_text_with_a_line_of_hashtags_replaces_both(desk: Desk) -> None:
    await desk.made()
    await desk.tap(Action.EDIT_TEXT)
    question = await desk.asked("caption")
    assert desk.card() is not None
    await desk.say("Damla damla 💧 <b>gerçek</b>\n#su #tarım", reply_to=question["message_id"])
    card = await desk.card_is("review", version=2)
    assert "Damla damla 💧 <b>gerçek</b>\n\n#su #tarım" in card["text"]
    await desk.told("done.edited")


async def test_a_new_text_without_hashtags_keeps_the_old_ones(desk: Desk) -> None:
    await desk.made()
    before = (await desk.draft()).hashtags
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.say("Only words")
    await desk.card_is("review", version=2)
    assert (await desk.draft()).hashtags == before


async def test_a_text_over_the_limit_is_refused_and_the_question_stays_open(desk: Desk) -> None:
    await desk.made()
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    long = "💧" * (CAPTION_LIMIT // 2)
    assert utf16_length(long) == CAPTION_LIMIT
    await desk.say(long)
    refused = await desk.told("error.text_too_long")
    assert str(CAPTION_LIMIT) in refused["text"]
    assert (await desk.draft()).version == 1
    await desk.say("Short enough")
    await desk.card_is("review", version=2)
    async with desk.services.store.read() as tx:
        assert len(await tx.drafts.find()) == 1


async def test_a_new_prompt_costs_nothing_before_the_picture_is_asked_for(desk: Desk) -> None:
    await desk.made()
    await desk.tap(Action.EDIT_PROMPT)
    await desk.asked("prompt")
    await desk.say("A single blue LED in fog, macro photograph")
    await desk.told("done.prompt_edited")
    card = await desk.card_says("blue LED", desk.texts("card.prompt_changed"))
    assert actions(card)[0] is Action.REGENERATE
    assert Action.APPROVE not in actions(card)
    async with desk.services.store.read() as tx:
        assert len(await tx.images.find()) == 1
    await desk.tap(Action.REGENERATE)
    await desk.card_is("review", version=3)
    async with desk.services.store.read() as tx:
        assert len(await tx.images.find()) == 2


async def test_the_theme_button_tells_the_topic_with_the_other_theme(desk: Desk) -> None:
    card = await desk.made()
    assert "IoT" in card["text"]
    await desk.tap(Action.THEME)
    card = await desk.card_says(desk.texts("theme.tech"), " · v2 ")
    assert desk.texts("card.prompt_changed") in card["text"]
    assert (await desk.draft()).theme == "tech"


async def test_a_discarded_draft_can_be_restored(desk: Desk) -> None:
    await desk.made()
    await desk.tap(Action.DISCARD)
    card = await desk.card_is("rejected")
    assert actions(card) == [Action.RESTORE]
    assert "Ada" in card["text"]
    await desk.tap(Action.RESTORE)
    await desk.card_is("review")


async def test_without_a_channel_an_approved_draft_waits_for_one(desk: Desk) -> None:
    await desk.made()
    assert await desk.tap(Action.APPROVE) == desk.texts("done.approved")
    card = await desk.card_is("approved")
    assert Action.AT not in actions(card)
    await desk.connected()
    await desk.quiet()
    await desk.tap(Action.AT)
    await desk.card_is("scheduled")
    assert await next_due(desk) is not None


async def test_a_scheduled_post_moves_to_another_time(desk: Desk) -> None:
    await scheduled(desk)
    before = await next_due(desk)
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    await desk.say(SOON[desk.texts.language])
    await desk.told("ask.confirm_time")
    await desk.tap(Action.AT)
    await desk.quiet()
    after = await next_due(desk)
    assert after is not None
    assert after != before
    assert len(await desk.services.schedule.queue(limit=9)) == 1
    desk.clock.advance_to(max(after, before or after))
    await desk.time_comes()
    await desk.quiet()
    assert len(desk.messages(desk.channel_id)) <= 1


async def test_a_post_that_was_taken_back_does_not_go_out(desk: Desk) -> None:
    await scheduled(desk)
    due = await next_due(desk)
    assert await desk.tap(Action.UNSCHEDULE) == desk.texts("done.unscheduled")
    await desk.card_is("review")
    assert due is not None
    desk.clock.advance_to(due)
    await desk.time_comes()
    await desk.quiet()
    assert not desk.messages(desk.channel_id)


async def test_an_edit_after_scheduling_revokes_the_approval_and_cancels_the_post(
    desk: Desk,
) -> None:
    await scheduled(desk)
    due = await next_due(desk)
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.say("Other words")
    await desk.told("done.edited_revoked")
    card = await desk.card_is("review", version=2)
    assert Action.APPROVE in actions(card)
    assert due is not None
    desk.clock.advance_to(due)
    await desk.time_comes()
    await desk.quiet()
    assert not desk.messages(desk.channel_id)


async def test_prompt_first_paints_nothing_until_asked(desk: Desk) -> None:
    await desk.say(f"/prompt {desk.topic}")
    card = await desk.card_is("prompt")
    assert actions(card)[0] is Action.REGENERATE
    async with desk.services.store.read() as tx:
        assert not await tx.images.find()
    await desk.tap(Action.REGENERATE)
    await desk.card_is("review", version=2)


@pytest.mark.parametrize("command", ["new", "prompt"])
async def test_a_command_without_a_topic_says_how_it_is_written(desk: Desk, command: str) -> None:
    await desk.say(f"/{command}")
    answer = await desk.told("new.needs_topic")
    assert f"/{command} " in answer["text"]


async def test_a_topic_on_the_line_below_the_command_is_taken_whole(desk: Desk) -> None:
    await desk.say(f"/prompt\n{desk.topic}")
    await desk.card_is("prompt")
    async with desk.services.store.read() as tx:
        assert [one.text for one in await tx.topics.find()] == [desk.topic]


async def test_drafts_brings_the_card_down_and_the_old_one_loses_its_buttons(desk: Desk) -> None:
    old = await desk.made()
    await desk.say("/drafts")
    await desk.told("drafts.title")
    await desk.tap(Action.SHOW)
    new = await desk.until(
        lambda: (c := desk.card()) and c["message_id"] != old["message_id"] and c
    )
    await desk.quiet()
    old = next(m for m in desk.messages() if m["message_id"] == old["message_id"])
    assert old["keyboard"] == []
    assert Action.APPROVE in actions(new)
    await desk.tap(Action.DISCARD)
    changed = await desk.card_is("rejected")
    assert changed["message_id"] == new["message_id"]


async def test_lists_say_so_when_they_are_empty(desk: Desk) -> None:
    await desk.say("/drafts")
    await desk.told("drafts.none")
    await desk.say("/queue")
    await desk.told("queue.none")
    await desk.say("/channels")
    await desk.told("start.no_channel")


async def test_the_queue_names_time_channel_and_draft(desk: Desk) -> None:
    await scheduled(desk)
    await desk.say("/queue")
    shown = await desk.told("queue.title")
    assert "Meridian Sensors" in shown["text"]
    assert "#1" in shown["text"]
    assert actions(shown) == [Action.SHOW]
    await desk.say("/channels")
    shown = await desk.told("channels.title")
    assert "✓ Meridian Sensors" in shown["text"]


async def test_the_language_can_be_chosen_and_stays(desk: Desk) -> None:
    other = {"en": "tr", "tr": "en"}[desk.texts.language]
    await desk.say("/language")
    await desk.told("language_choice.ask")
    assert await desk.tap(Action.LANGUAGE, extra=other)
    await desk.say("/queue")
    await desk.told("queue.none", texts=load(other))
    await desk.stop()
    await desk.start()
    await desk.say("/drafts")
    await desk.told("drafts.none", texts=load(other))


async def test_cancel_forgets_the_question_and_the_next_words_are_a_topic(desk: Desk) -> None:
    await desk.say("/cancel")
    await desk.told("cancel.nothing")
    await desk.made()
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.say("/cancel")
    await desk.told("cancel.done")
    await desk.say(f"/prompt {desk.topic}")
    await desk.card_is("prompt", number=2)
    assert (await desk.draft(1)).version == 1


async def test_an_unknown_command_is_answered_with_the_examples(desk: Desk) -> None:
    await desk.say("/fly me to the moon")
    shown = await desk.until(lambda: desk.of_bot() and desk.of_bot()[-1])
    assert "/drafts" in shown["text"]
    async with desk.services.store.read() as tx:
        assert not await tx.drafts.find()


async def test_start_and_help_say_what_can_be_sent(desk: Desk) -> None:
    await desk.say("/start")
    shown = await desk.until(lambda: desk.of_bot() and desk.of_bot()[-1])
    assert desk.texts("start.no_channel") in shown["text"]
    assert desk.texts("start.offline") in shown["text"]
    await desk.say("/help")
    shown = await desk.until(lambda: len(desk.of_bot()) > 1 and desk.of_bot()[-1])
    for command in ("/prompt", "/drafts", "/queue", "/channels", "/language", "/cancel"):
        assert command in shown["text"]


async def test_a_question_is_still_open_after_a_restart(desk: Desk) -> None:
    await desk.made()
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.quiet()
    await desk.stop()
    await desk.start()
    await desk.say("Said after the restart")
    card = await desk.card_is("review", version=2)
    assert "Said after the restart" in card["text"]
    assert (await desk.draft_in(DraftState.REVIEW)).version == 2
