"""Approval and time: what was approved goes out at its time, and not before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.errors import (
    NoPictureYet,
    NowhereToPost,
    SlotTaken,
    Stale,
    TextTooLong,
    TimeInPast,
    TooLateToChange,
)
from app.models import AnnouncementKind, Delivery, DeliveryState, Draft, DraftState
from app.scheduling import CLAIM_BATCH
from app.storage import tables
from tests.fakes.desk import ADA, Desk

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def put(desk: Desk, delivery: Delivery, **columns: Any) -> None:
    async with desk.store.write() as tx:
        await tx.deliveries.touch(delivery.id, **columns)


async def deliveries(desk: Desk, draft: Draft) -> list[Delivery]:
    """Every delivery of a draft, of earlier posts too."""
    async with desk.store.read() as tx:
        return await tx.deliveries.find(draft_id=draft.id)


async def test_an_approval_names_who_when_and_for_when(desk: Desk) -> None:
    draft, delivery = await desk.scheduled(HOUR)
    post, _ = await desk.schedule.plan_of(draft.id)
    due = desk.clock.now() + HOUR
    assert (draft.state, draft.decided_by, draft.decided_at) == (
        DraftState.SCHEDULED,
        "Ada",
        desk.clock.now(),
    )
    assert (delivery.state, delivery.due) == (DeliveryState.SCHEDULED, due)
    assert post is not None
    assert (post.draft_version, post.zone, post.wall) == (
        draft.version,
        "Europe/Istanbul",
        f"{due.astimezone(ZoneInfo('Europe/Istanbul')):%Y-%m-%dT%H:%M:%S}",
    )


async def test_the_alarm_is_set_for_the_earliest(desk: Desk) -> None:
    await desk.scheduled(2 * HOUR)
    assert desk.jobs.alarm == desk.clock.now() + 2 * HOUR
    await desk.scheduled(HOUR, source_key="update-2")
    assert desk.jobs.alarm == desk.clock.now() + HOUR


async def test_at_once_means_now(desk: Desk) -> None:
    draft = await desk.review()
    await desk.channel()
    await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())
    assert desk.jobs.alarm == desk.clock.now()


async def test_without_a_channel_an_approved_draft_waits(desk: Desk) -> None:
    draft = await desk.review()
    draft = await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())
    assert draft.state is DraftState.APPROVED
    assert await desk.schedule.plan_of(draft.id) == (None, [])
    with pytest.raises(NowhereToPost):
        await desk.schedule.schedule(draft.id, draft.version, ADA, when=desk.clock.now())
    await desk.channel()
    draft = await desk.schedule.schedule(draft.id, draft.version, ADA, when=desk.clock.now())
    assert draft.state is DraftState.SCHEDULED


async def test_a_broken_channel_gets_no_delivery(desk: Desk) -> None:
    draft = await desk.review()
    good = await desk.channel()
    bad = await desk.channel("-1002", "Second")
    await desk.destinations.broken(kind="telegram", address=bad.address, problem="kicked")
    await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())
    assert (await desk.delivery(draft)).destination_id == good.id


async def test_each_channel_has_a_delivery_of_its_own(desk: Desk) -> None:
    draft = await desk.review()
    await desk.channel()
    await desk.channel("-1002", "Second")
    await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())
    made = await deliveries(desk, draft)
    assert len({one.ikey for one in made}) == 2
    assert len({one.destination_id for one in made}) == 2


@pytest.mark.parametrize("late", [MINUTE, 30 * timedelta(seconds=1), timedelta()])
async def test_a_minute_of_tapping_still_counts_as_now(desk: Desk, late: timedelta) -> None:
    draft = await desk.review()
    await desk.channel()
    when = desk.clock.now() - late
    assert await desk.schedule.approve(draft.id, draft.version, ADA, when=when)


async def test_a_time_that_is_past_is_refused(desk: Desk) -> None:
    draft = await desk.review()
    await desk.channel()
    when = desk.clock.now() - MINUTE - timedelta(seconds=1)
    with pytest.raises(TimeInPast):
        await desk.schedule.approve(draft.id, draft.version, ADA, when=when)
    assert await desk.drafts.get(draft.id) == draft


async def test_a_draft_whose_prompt_has_no_picture_yet_is_not_approved(desk: Desk) -> None:
    draft = await desk.review()
    draft = await desk.drafts.edit_prompt(draft.id, draft.version, ADA, "Another")
    with pytest.raises(NoPictureYet):
        await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())


async def test_a_draft_that_was_never_painted_is_not_approved(desk: Desk) -> None:
    draft = await desk.create(paint=False)
    with pytest.raises(NoPictureYet):
        await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())


@pytest.mark.parametrize("emoji,refused", [(511, False), (512, True)])
async def test_the_whole_text_must_fit_in_1024_utf16_units(
    desk: Desk, emoji: int, refused: bool
) -> None:
    """511 seedlings are 1022 units; with the hashtag line and what parts it that is too much."""
    draft = await desk.review()
    async with desk.store.write() as tx:
        hashtags = ("#a",) if refused else ()
        await tx.drafts.touch(draft.id, caption="🌱" * emoji, hashtags=hashtags)
    if refused:
        with pytest.raises(TextTooLong):
            await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())
    else:
        await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())


async def test_exactly_the_version_that_was_seen_is_approved(desk: Desk) -> None:
    draft = await desk.review()
    newer = await desk.drafts.edit_text(draft.id, draft.version, ADA, "New")
    with pytest.raises(Stale) as caught:
        await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())
    assert caught.value.facts["draft"] == newer


async def test_of_two_approvals_one_counts(desk: Desk) -> None:
    draft = await desk.review()
    await desk.channel()
    ends = await asyncio.gather(
        *(
            desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())
            for _ in range(4)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(end, Stale) for end in ends) == 3
    assert len(await deliveries(desk, draft)) == 1


@pytest.mark.parametrize(
    "state", [one for one in DraftState if one is not DraftState.REVIEW], ids=str
)
async def test_only_what_is_under_review_is_approved(desk: Desk, state: DraftState) -> None:
    draft = await desk.review()
    async with desk.store.write() as tx:
        await tx.drafts.touch(draft.id, state=state)
    with pytest.raises(Stale):
        await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())


async def test_another_time_makes_another_post_and_cancels_the_first(desk: Desk) -> None:
    draft, first = await desk.scheduled(HOUR)
    moved = await desk.schedule.schedule(
        draft.id, draft.version, ADA, when=desk.clock.now() + 3 * HOUR
    )
    assert (moved.state, moved.version, moved.decided_by) == (
        DraftState.SCHEDULED,
        draft.version,
        "Ada",
    )
    states = {one.id: one.state for one in await deliveries(desk, draft)}
    second = await desk.delivery(draft)
    assert states == {
        first.id: DeliveryState.CANCELLED,
        second.id: DeliveryState.SCHEDULED,
    }
    assert desk.jobs.alarm == desk.clock.now() + 3 * HOUR


@pytest.mark.parametrize(
    "state", [DeliveryState.PUBLISHING, DeliveryState.PUBLISHED, DeliveryState.UNKNOWN], ids=str
)
async def test_what_may_be_out_already_cannot_be_moved_or_taken_back(
    desk: Desk, state: DeliveryState
) -> None:
    draft, delivery = await desk.scheduled()
    await put(desk, delivery, state=state)
    with pytest.raises(TooLateToChange):
        await desk.schedule.schedule(draft.id, draft.version, ADA, when=desk.clock.now())
    with pytest.raises(TooLateToChange):
        await desk.schedule.unschedule(draft.id, draft.version, ADA)
    assert (await desk.delivery(draft)).state is state


@pytest.mark.parametrize(
    "state",
    [
        DeliveryState.SCHEDULED,
        DeliveryState.DISPATCHED,
        DeliveryState.MISSED,
        DeliveryState.FAILED,
    ],
    ids=str,
)
async def test_what_is_not_out_can_be_taken_back(desk: Desk, state: DeliveryState) -> None:
    draft, delivery = await desk.scheduled()
    await put(desk, delivery, state=state)
    back = await desk.schedule.unschedule(draft.id, draft.version, ADA)
    assert (back.state, back.decided_by, back.decided_at) == (DraftState.REVIEW, None, None)
    assert (await desk.delivery(draft)).state is DeliveryState.CANCELLED
    assert desk.jobs.alarm is None


async def test_a_delivery_taken_back_at_the_last_moment_is_not_sent(desk: Desk) -> None:
    """Its job is queued already; the job finds the row cancelled."""
    delivery = await desk.dispatched()
    draft = await desk.drafts.get(delivery.draft_id)
    await desk.schedule.unschedule(draft.id, draft.version, ADA)
    await desk.jobs.run_all()
    assert (desk.publisher.calls, desk.publisher.live) == (0, [])


@pytest.mark.parametrize("moved", ["version", "state"])
async def test_a_card_that_is_old_moves_nothing(desk: Desk, moved: str) -> None:
    draft, delivery = await desk.scheduled()
    async with desk.store.write() as tx:
        changed = {"version": 9} if moved == "version" else {"state": DraftState.PUBLISHED}
        await tx.drafts.touch(draft.id, **changed)
    with pytest.raises(Stale):
        await desk.schedule.schedule(draft.id, draft.version, ADA, when=desk.clock.now())
    with pytest.raises(Stale):
        await desk.schedule.unschedule(draft.id, draft.version, ADA)
    assert await desk.delivery(draft) == delivery


async def test_nothing_is_dispatched_before_its_time(desk: Desk) -> None:
    await desk.scheduled(HOUR)
    desk.clock.advance(HOUR - timedelta(seconds=1))
    await desk.schedule.dispatch_due()
    assert desk.jobs.queued == []


async def test_at_its_time_it_is_dispatched_once(desk: Desk) -> None:
    _, delivery = await desk.scheduled(HOUR)
    desk.clock.advance(HOUR)
    await asyncio.gather(*(desk.schedule.dispatch_due() for _ in range(4)))
    assert desk.jobs.queued == [("deliver", delivery.id)]


async def test_the_alarm_rings_and_sends(desk: Desk) -> None:
    await desk.scheduled(HOUR)
    desk.clock.advance(HOUR)
    await desk.jobs.ring(desk.clock.now())
    await desk.jobs.run_all()
    assert len(desk.publisher.live) == 1


async def test_up_to_half_an_hour_late_is_still_sent(desk: Desk) -> None:
    await desk.scheduled(HOUR)
    desk.clock.advance(HOUR + 30 * MINUTE)
    await desk.schedule.dispatch_due()
    await desk.jobs.run_all()
    assert len(desk.publisher.live) == 1


async def test_later_than_that_is_asked_about_and_never_sent(desk: Desk) -> None:
    draft, _ = await desk.scheduled(HOUR)
    desk.clock.advance(HOUR + 30 * MINUTE + timedelta(seconds=1))
    await desk.schedule.dispatch_due()
    await desk.schedule.dispatch_due()
    await desk.jobs.run_all()
    assert (await desk.delivery(draft)).state is DeliveryState.MISSED
    assert desk.publisher.live == []
    assert (await desk.said()).count(AnnouncementKind.MISSED) == 1


async def test_after_an_outage_there_is_no_burst(desk: Desk) -> None:
    for number in range(3):
        await desk.scheduled((number + 1) * HOUR, source_key=f"u{number}")
    desk.clock.advance(3 * HOUR + 10 * MINUTE)
    await desk.recover()
    await desk.jobs.run_all()
    assert len(desk.publisher.live) == 1
    assert (await desk.said()).count(AnnouncementKind.MISSED) == 2


async def test_more_than_a_batch_is_dispatched_by_ringing_again(desk: Desk) -> None:
    draft, delivery = await desk.scheduled(HOUR)
    async with desk.store.write() as tx:
        post = await tx.posts.get(delivery.post_id)
        for number in range(CLAIM_BATCH):
            destination = await tx.destinations.add(
                brand_id=draft.brand_id,
                kind="telegram",
                address=f"-2{number}",
                title="x",
                state="active",
                created_at=desk.clock.now(),
            )
            await tx.deliveries.add(
                post_id=post.id,
                draft_id=draft.id,
                destination_id=destination.id,
                ikey=f"more {number}",
                due=delivery.due,
                state=DeliveryState.SCHEDULED,
                fence=0,
                attempts=0,
                updated_at=desk.clock.now(),
            )
    desk.clock.advance(HOUR)
    await desk.schedule.dispatch_due()
    assert len(desk.jobs.queued) == CLAIM_BATCH
    await desk.jobs.ring(desk.clock.now())
    assert len(desk.jobs.queued) == CLAIM_BATCH + 1


async def test_an_approval_may_leave_the_time_open(desk: Desk) -> None:
    draft = await desk.review()
    await desk.channel()
    draft = await desk.schedule.approve(draft.id, draft.version, ADA, when=None)
    assert draft.state is DraftState.APPROVED
    assert (await deliveries(desk, draft), desk.jobs.alarm) == ([], None)


async def test_a_free_slot_is_given_to_one_post(desk: Desk) -> None:
    """Two cards offered the same slot; the second tap is told so."""
    free = await desk.schedule.next_free(desk.brand)
    await desk.channel()
    first, second = await desk.review(), await desk.review(source_key="update-2")
    await desk.schedule.approve(first.id, first.version, ADA, when=free, free_slot=True)
    with pytest.raises(SlotTaken):
        await desk.schedule.approve(second.id, second.version, ADA, when=free, free_slot=True)
    assert await desk.drafts.get(second.id) == second
    assert await desk.schedule.approve(second.id, second.version, ADA, when=free)


async def test_the_next_free_slot_is_one_that_no_post_has(desk: Desk) -> None:
    """Monday, 11:00 in Istanbul; slots are at 10, 14 and 18."""
    free = await desk.schedule.next_free(desk.brand)
    assert free == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    draft = await desk.review()
    await desk.channel()
    await desk.schedule.approve(draft.id, draft.version, ADA, when=free)
    assert await desk.schedule.next_free(desk.brand) == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


async def test_a_slot_that_was_given_back_is_free_again(desk: Desk) -> None:
    free = await desk.schedule.next_free(desk.brand)
    draft = await desk.review()
    await desk.channel()
    draft = await desk.schedule.approve(draft.id, draft.version, ADA, when=free)
    await desk.schedule.unschedule(draft.id, draft.version, ADA)
    assert await desk.schedule.next_free(desk.brand) == free


async def test_the_queue_is_told_soonest_first(desk: Desk) -> None:
    later, _ = await desk.scheduled(2 * HOUR, source_key="a")
    sooner, _ = await desk.scheduled(HOUR, source_key="b")
    queue = await desk.schedule.queue(limit=5)
    assert [draft.id for _, draft in queue] == [sooner.id, later.id]
    assert len(await desk.schedule.queue(limit=1)) == 1


async def decisions(desk: Desk) -> list[str]:
    async with desk.store.read() as tx:
        rows = await tx.connection.execute(tables.audit.select().order_by(tables.audit.c.id))
        return [row.action for row in rows]


async def test_the_time_it_has_already_changes_nothing(desk: Desk) -> None:
    draft, delivery = await desk.scheduled(HOUR)
    before = await desk.schedule.plan_of(draft.id), await decisions(desk)
    assert await desk.schedule.schedule(draft.id, draft.version, ADA, when=delivery.due) == draft
    assert (await desk.schedule.plan_of(draft.id), await decisions(desk)) == before
    assert await deliveries(desk, draft) == [delivery]


async def test_the_same_time_reaches_a_channel_that_came_since(desk: Desk) -> None:
    draft, delivery = await desk.scheduled(HOUR)
    await desk.channel("-1002", "Second")
    await desk.schedule.schedule(draft.id, draft.version, ADA, when=delivery.due)
    _, both = await desk.schedule.plan_of(draft.id)
    assert [one.due for one in both] == [delivery.due] * 2


async def test_now_tapped_again_leaves_a_waiting_post_in_its_turn(desk: Desk) -> None:
    draft, _waiting = await desk.scheduled(timedelta(0))
    desk.clock.advance(timedelta(seconds=5))
    await desk.schedule.schedule(draft.id, draft.version, ADA, when=desk.clock.now())
    async with desk.store.read() as tx:
        assert len(await tx.posts.find(draft_id=draft.id)) == 1
