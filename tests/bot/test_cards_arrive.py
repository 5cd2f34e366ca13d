"""The announcer between us and Telegram's moods: refusals, pauses, silence, deleted cards."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from app.models import AnnouncementKind, DestinationState, Role
from bot.callback_data import Action
from bot.demo import membership
from bot.demo.faults import Fault
from bot.demo.records import Member
from bot.texts import languages
from tests.bot.driver import Desk, actions, served_desk
from tests.bot.states import ADA
from tests.bot.test_stale_and_double import colleague, team_group

#: PTB's own advice about the type of `retry_after`, which the limiter takes either way
pause = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")


def strike(desk: Desk, method: str, kind: str, **more: Any) -> None:
    """Let the next call of a method go wrong."""
    desk.world.faults.order(Fault(method=method, kind=kind, **more))


async def test_a_card_that_is_as_it_should_be_is_not_sent_again(desk: Desk) -> None:
    await desk.made()
    await desk.quiet()
    before = len(desk.world.calls)
    await desk.services.drafts.show(1)
    await desk.quiet()
    assert [c.method for c in list(desk.world.calls)[before:] if "edit" in c.method] == []


async def test_not_modified_is_no_trouble(desk: Desk) -> None:
    await desk.made()
    await desk.quiet()
    async with desk.services.store.write() as tx:
        card = (await tx.cards.find(draft_id=1))[0]
        await tx.cards.touch(card.id, shown=card.shown.partition(":")[0] + ":forgotten")
    await desk.services.drafts.show(1)
    await desk.quiet()
    refused = [c for c in desk.calls("editMessageCaption") if c.status == 400]
    assert len(refused) == 1
    async with desk.services.store.read() as tx:
        assert (await tx.cards.find(draft_id=1))[0].shown == card.shown


async def test_a_deleted_card_is_sent_again(desk: Desk) -> None:
    card = await desk.made()
    chat = desk.world.chats[desk.person.id]
    desk.world.remove(chat.messages[card["message_id"]])
    await desk.services.drafts.edit_text(1, 1, ADA, "Words after the card was deleted")
    again = await desk.card_is("review", version=2)
    assert again["message_id"] != card["message_id"]
    await desk.tap(Action.DISCARD)
    discarded = await desk.card_is("rejected", version=2)
    assert discarded["message_id"] == again["message_id"]


async def test_a_person_who_blocked_the_bot_makes_no_loop(desk: Desk) -> None:
    await desk.made()
    await desk.quiet()
    membership.block(desk.world, desk.person.id, blocked=True)
    before = len(desk.world.calls)
    await desk.services.drafts.show(1, afresh=True)
    await desk.quiet()
    await desk.services.drafts.show(1, afresh=True)
    await desk.quiet()
    tried = [c for c in list(desk.world.calls)[before:] if c.method == "sendPhoto"]
    assert [c.status for c in tried] == [403, 403]
    membership.block(desk.world, desk.person.id, blocked=False)
    await desk.say("/drafts")
    await desk.tap(Action.SHOW)
    await desk.card_is("review")


@pause
async def test_a_pause_asked_for_in_one_chat_delays_no_other(desk: Desk) -> None:
    other = await colleague(desk)
    await desk.quiet()
    strike(desk, "sendMessage", "429", chat_id=desk.person.id, retry_after=60)
    await desk.say("/queue")
    await desk.until(lambda: [c for c in desk.calls("sendMessage") if c.status == 429])
    began = time.monotonic()
    await desk.say("/queue", who=other)
    await desk.told("queue.none", chat_id=other.id)
    assert time.monotonic() - began < 3
    assert not desk.of_bot()
    desk.clock.advance(60)
    await desk.told("queue.none")


@pause
async def test_a_pause_does_not_keep_a_tap_waiting_for_its_answer(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.quiet()
    strike(desk, "editMessageCaption", "429", chat_id=desk.person.id, retry_after=60)
    await desk.services.drafts.edit_text(1, 1, ADA, "Words that the card cannot show yet")
    await desk.until(lambda: [c for c in desk.calls("editMessageCaption") if c.status == 429])
    assert await desk.tap(Action.APPROVE) == desk.texts("stale.changed")
    desk.clock.advance(60)
    await desk.card_is("review", version=2)


@pytest.mark.troubled
@pytest.mark.parametrize("kind", ["500", "502", "html", "drop"])
async def test_a_card_that_did_not_arrive_is_tried_again(desk: Desk, kind: str) -> None:
    await desk.quiet()
    strike(desk, "sendPhoto", kind)
    await desk.made()
    await desk.quiet()
    assert len([m for m in desk.of_bot() if m["photo"]]) == 1


async def test_an_edit_whose_answer_was_lost_ends_with_the_right_card(desk: Desk) -> None:
    await desk.made()
    await desk.quiet()
    strike(desk, "editMessageCaption", "drop", after=True)
    await desk.services.drafts.edit_text(1, 1, ADA, "New words")
    await desk.card_is("review", version=2)
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert not await tx.announcements.unseen(limit=1)
    assert len([m for m in desk.of_bot() if m["photo"]]) == 1


async def test_an_owner_gets_a_notice_once_although_another_s_had_to_be_repeated(
    desk: Desk,
) -> None:
    other = await colleague(desk, "Grace", Role.OWNER)
    strike(desk, "sendMessage", "500", chat_id=other.id, times=2)
    brand = await desk.services.members.brand()
    async with desk.services.store.write() as tx:
        await desk.services.announcements.say(
            tx, AnnouncementKind.DESTINATION_CONNECTED, brand_id=brand.id, title="News"
        )
    await desk.told("notice.connected", chat_id=other.id)
    await desk.quiet()
    assert len(desk.of_bot()) == 1
    assert len(desk.of_bot(other.id)) == 1


async def test_the_placeholder_is_uploaded_once_and_then_named(tmp_path: Path) -> None:
    async with served_desk(tmp_path, start=False) as desk:
        await desk.start()
        for number in range(1, 4):
            await desk.say(f"/prompt {desk.topic}")
            await desk.card_is("prompt", number=number)
            await desk.quiet()
        sent = desk.calls("sendPhoto")
        assert ["kB" in call.summary for call in sent] == [True, False, False]
        assert len({m["photo"]["file_id"] for m in desk.of_bot() if m["photo"]}) == 1


async def test_a_post_is_published_by_the_picture_s_id_without_an_upload(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.NOW)
    await desk.time_comes()
    await desk.card_is("published")
    sent = [c for c in desk.calls("sendPhoto") if str(c.chat_id) == str(desk.channel_id)]
    assert len(sent) == 1
    assert "kB" not in sent[0].summary
    post = desk.messages(desk.channel_id)[0]
    card = desk.card()
    assert card is not None
    assert post["photo"]["file_id"] == card["photo"]["file_id"]


async def test_a_caption_edit_uploads_nothing(desk: Desk) -> None:
    await desk.made()
    await desk.quiet()
    before = len(desk.world.calls)
    await desk.services.drafts.edit_text(1, 1, ADA, "New words")
    await desk.card_is("review", version=2)
    await desk.quiet()
    called = [c.method for c in list(desk.world.calls)[before:]]
    assert "editMessageCaption" in called
    assert "editMessageMedia" not in called


async def test_a_channel_that_refuses_is_named_with_what_to_do(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    chat = desk.world.chats[desk.channel_id]
    await desk.quiet()
    chat.members[desk.world.bot.id] = Member(
        status="administrator", rights={"can_post_messages": False}
    )
    await desk.tap(Action.NOW)
    await desk.time_comes()
    card = await desk.card_is("delivery_failed")
    assert desk.texts("reason.permission") in card["text"]
    await desk.told("notice.failed")
    assert Action.POST_AGAIN in actions(card)
    membership.promote(desk.world, desk.channel_id, by=desk.person.id)
    await desk.quiet()
    await desk.tap(Action.POST_AGAIN)
    await desk.card_is("published")
    assert len(desk.messages(desk.channel_id)) == 1


async def test_a_refused_content_can_be_edited_from_its_card(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.quiet()
    strike(
        desk,
        "sendPhoto",
        "400",
        description="Bad Request: wrong content",
    )
    await desk.tap(Action.NOW)
    await desk.time_comes()
    card = await desk.card_is("delivery_failed")
    assert desk.texts("reason.content") in card["text"]
    assert Action.EDIT_TEXT in actions(card)
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.say("Words the channel takes")
    await desk.card_is("review", version=2)
    await desk.tap(Action.NOW)
    await desk.time_comes()
    await desk.card_is("published", version=2)


async def test_a_channel_s_lost_answer_is_asked_about_and_never_sent_twice(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.quiet()
    strike(desk, "sendPhoto", "drop", after=True)
    await desk.tap(Action.NOW)
    await desk.time_comes()
    await desk.card_is("unknown")
    await desk.told("notice.unknown")
    assert len(desk.messages(desk.channel_id)) == 1
    await desk.time_comes(3600)
    await desk.quiet()
    assert len(desk.messages(desk.channel_id)) == 1
    await desk.tap(Action.SEEN)
    await desk.card_is("published")
    async with desk.services.store.read() as tx:
        assert [d.state for d in await tx.destinations.find()] == [DestinationState.ACTIVE]


async def test_a_channel_that_asks_for_a_pause_gets_the_post_later(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.quiet()
    strike(desk, "sendPhoto", "429", retry_after=20)
    await desk.tap(Action.NOW)
    await desk.time_comes()
    await desk.until(lambda: [c for c in desk.calls("sendPhoto") if c.status == 429])
    await desk.until_row(lambda: put_off(desk), "the next try's time")
    assert not desk.messages(desk.channel_id)
    await desk.time_comes(60)
    await desk.card_is("published")
    assert len(desk.messages(desk.channel_id)) == 1


async def put_off(desk: Desk) -> bool:
    """Whether the delivery was tried and waits again."""
    waiting = await desk.services.schedule.queue(limit=1)
    return bool(waiting) and waiting[0][0].attempts == 1


async def test_the_commands_are_set_once_and_not_again_at_the_next_start(desk: Desk) -> None:
    async def known() -> bool:
        async with desk.services.store.read() as tx:
            return await tx.notes.get("commands") is not None

    await desk.until_row(known, "the commands")
    assert len(desk.calls("setMyCommands")) == len(languages()) + 1
    await desk.stop()
    await desk.start()
    await desk.say("/queue")
    await desk.told("queue.none")
    assert len(desk.calls("setMyCommands")) == len(languages()) + 1


async def test_in_a_group_plain_words_are_ignored_and_a_command_makes_a_draft(desk: Desk) -> None:
    group = team_group(desk)
    await desk.say("Sera sulaması nasıl gidiyor?", chat_id=group)
    await desk.say(f"/prompt@{desk.world.bot.username} {desk.topic}", chat_id=group)
    card = await desk.card_is("prompt", chat_id=group)
    await desk.tap(Action.EDIT_PROMPT, chat_id=group)
    question = await desk.asked("prompt", chat_id=group)
    await desk.say("Just talking to each other", chat_id=group)
    await desk.say("A blue LED in fog", chat_id=group, reply_to=question["message_id"])
    await desk.card_says("A blue LED in fog", chat_id=group)
    assert card["thread_id"] is None
    async with desk.services.store.read() as tx:
        assert len(await tx.drafts.find()) == 1


async def test_in_a_group_that_the_bot_leads_plain_words_are_no_answer_either(desk: Desk) -> None:
    group = team_group(desk)
    membership.promote(desk.world, group, by=desk.person.id)
    await desk.say(f"/prompt {desk.topic}", chat_id=group)
    await desk.card_is("prompt", chat_id=group)
    await desk.tap(Action.EDIT_TEXT, chat_id=group)
    await desk.asked("caption", chat_id=group)
    await desk.say("Just talking to each other", chat_id=group)
    await desk.quiet()
    assert (await desk.draft()).version == 1


async def test_in_a_topic_of_a_forum_everything_lands_in_that_topic(desk: Desk) -> None:
    forum = desk.world.add_chat("supergroup", "Forum", creator_id=desk.person.id, is_forum=True)
    membership.join(desk.world, forum.id, desk.world.bot.id)
    thread = membership.add_topic(desk.world, forum.id, "Drafts")
    await desk.say(f"/prompt {desk.topic}", chat_id=forum.id, thread_id=thread)
    card = await desk.card_is("prompt", chat_id=forum.id)
    await desk.tap(Action.EDIT_TEXT, chat_id=forum.id)
    question = await desk.asked("caption", chat_id=forum.id)
    await desk.say(
        "New words", chat_id=forum.id, thread_id=thread, reply_to=question["message_id"]
    )
    done = await desk.told("done.edited", chat_id=forum.id)
    await desk.say("/drafts", chat_id=forum.id, thread_id=thread)
    listed = await desk.told("drafts.title", chat_id=forum.id)
    assert {m["thread_id"] for m in (card, question, done, listed)} == {thread}


async def test_in_the_general_topic_no_thread_is_named(desk: Desk) -> None:
    forum = desk.world.add_chat("supergroup", "Forum", creator_id=desk.person.id, is_forum=True)
    membership.join(desk.world, forum.id, desk.world.bot.id)
    await desk.say(f"/prompt {desk.topic}", chat_id=forum.id)
    card = await desk.card_is("prompt", chat_id=forum.id)
    assert card["thread_id"] is None
