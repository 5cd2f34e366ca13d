"""Deliveries: out once, and the outcome told honestly. The destination's ledger is the judge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import PublishRejected, Stale
from app.models import (
    AnnouncementKind,
    Attempt,
    Delivery,
    DeliveryState,
    Draft,
    DraftState,
)
from app.net.client import NetClient
from app.providers.bfl import BflProvider
from app.publishing import MAX_ATTEMPTS
from app.scheduling import LEASE
from tests.fakes.clock import FakeClock
from tests.fakes.desk import ADA, CHANNEL, Desk, open_desk
from tests.fakes.publisher import lost, transient

_V = DeliveryState


async def now(desk: Desk, delivery: Delivery) -> Delivery:
    async with desk.store.read() as tx:
        return await tx.deliveries.get(delivery.id)


async def draft_of(desk: Desk, delivery: Delivery) -> Draft:
    return await desk.drafts.get(delivery.draft_id)


async def attempts(desk: Desk, delivery: Delivery) -> list[Attempt]:
    async with desk.store.read() as tx:
        return await tx.attempts.find(delivery_id=delivery.id)


async def run(desk: Desk) -> Delivery:
    """Send the one delivery that is due."""
    delivery = await desk.dispatched()
    await desk.jobs.run_all()
    return await now(desk, delivery)


async def put(desk: Desk, delivery: Delivery, **columns: Any) -> Delivery:
    async with desk.store.write() as tx:
        return await tx.deliveries.touch(delivery.id, **columns)


async def test_an_approved_post_goes_out_whole(desk: Desk) -> None:
    delivery = await run(desk)
    draft = await draft_of(desk, delivery)
    (live,) = desk.publisher.live
    image = await desk.image(draft.image_id)
    assert (live.address, live.key) == (CHANNEL, delivery.ikey)
    assert live.post.text == f"{draft.caption}\n\n{' '.join(draft.hashtags)}"
    assert live.post.alt_text == draft.alt_text
    assert live.post.picture.path == str(desk.studio.path(image))
    assert (live.post.picture.width, live.post.picture.mime) == (1024, "image/jpeg")


async def test_what_went_out_is_written_down_and_told(desk: Desk) -> None:
    delivery = await run(desk)
    (attempt,) = await attempts(desk, delivery)
    assert (delivery.state, delivery.remote_id, delivery.remote_url) == (
        _V.PUBLISHED,
        "1",
        "https://t.me/greenhouse/1",
    )
    assert (delivery.fence, delivery.attempts, delivery.lease_until) == (1, 1, None)
    assert (attempt.outcome, attempt.fence, attempt.finished_at) == (
        "published",
        1,
        desk.clock.now(),
    )
    assert (await draft_of(desk, delivery)).state is DraftState.PUBLISHED
    assert AnnouncementKind.PUBLISHED in await desk.said()


async def test_a_picture_the_destination_knows_is_named_to_it(desk: Desk) -> None:
    delivery = await desk.dispatched()
    draft = await draft_of(desk, delivery)
    async with desk.store.write() as tx:
        await tx.images.touch(draft.image_id or 0, file_id="AgAC")
    await desk.jobs.run_all()
    assert desk.publisher.live[0].post.cached_id == "AgAC"


async def test_the_intent_is_written_before_the_call(desk: Desk) -> None:
    delivery = await desk.dispatched()
    seen = []

    async def look() -> None:
        row = await now(desk, delivery)
        seen.append((row.state, row.fence, row.owner, (await attempts(desk, row))[0].outcome))

    desk.publisher.meanwhile = look
    await desk.jobs.run_all()
    assert seen == [(_V.PUBLISHING, 1, "run:test", "started")]


async def test_a_job_delivered_twice_posts_once(desk: Desk) -> None:
    delivery = await desk.dispatched()
    await asyncio.gather(*(desk.publishing.deliver(delivery.id) for _ in range(4)))
    await desk.publishing.deliver(delivery.id)
    assert (desk.publisher.calls, len(desk.publisher.live)) == (1, 1)


@pytest.mark.parametrize("state", [one for one in _V if one is not _V.DISPATCHED], ids=str)
async def test_only_a_dispatched_delivery_is_sent(desk: Desk, state: DeliveryState) -> None:
    delivery = await put(desk, await desk.dispatched(), state=state)
    await desk.jobs.run_all()
    assert desk.publisher.calls == 0
    assert await now(desk, delivery) == delivery


async def test_a_draft_that_moved_on_is_not_sent(desk: Desk) -> None:
    delivery = await desk.dispatched()
    async with desk.store.write() as tx:
        await tx.drafts.touch(delivery.draft_id, version=9)
    await desk.jobs.run_all()
    assert (desk.publisher.calls, (await now(desk, delivery)).state) == (0, _V.CANCELLED)


async def test_a_transient_refusal_is_tried_again_later_and_later(desk: Desk) -> None:
    desk.publisher.goes = [transient() for _ in range(MAX_ATTEMPTS - 1)]
    delivery = await run(desk)
    pauses = []
    for _ in range(MAX_ATTEMPTS - 1):
        row = await now(desk, delivery)
        assert row.state is _V.SCHEDULED
        pauses.append((row.due - desk.clock.now()).total_seconds())
        assert desk.jobs.alarm == row.due
        desk.clock.advance(row.due - desk.clock.now())
        await desk.jobs.ring(desk.clock.now())
        await desk.jobs.run_all()
    row = await now(desk, delivery)
    assert (row.state, row.attempts, pauses) == (_V.PUBLISHED, 5, [15.0, 30.0, 60.0, 120.0])
    assert (row.error_text, row.reason, len(desk.publisher.live)) == (None, None, 1)
    outcomes = [(one.fence, one.outcome) for one in await attempts(desk, row)]
    assert outcomes == [*((n, "rejected") for n in range(1, 5)), (5, "published")]


async def test_at_last_it_fails_and_says_so(desk: Desk) -> None:
    desk.publisher.goes = [transient("no network") for _ in range(MAX_ATTEMPTS)]
    delivery = await run(desk)
    for _ in range(MAX_ATTEMPTS):
        desk.clock.advance(timedelta(minutes=5))
        await desk.schedule.dispatch_due()
        await desk.jobs.run_all()
    row = await now(desk, delivery)
    assert (row.state, row.reason, row.error_text) == (_V.FAILED, "transient", "no network")
    assert desk.publisher.calls == MAX_ATTEMPTS
    assert (await desk.said()).count(AnnouncementKind.FAILED) == 1


async def test_a_pause_that_was_asked_for_is_kept(desk: Desk) -> None:
    flood = PublishRejected("slow", reason="quota", retry_after=timedelta(seconds=90))
    desk.publisher.goes = [flood]
    delivery = await run(desk)
    assert delivery.due - desk.clock.now() == timedelta(seconds=90)


@pytest.mark.parametrize("reason", ["auth", "permission", "content", "duplicate", "gone"])
async def test_a_refusal_that_time_will_not_mend_fails_with_its_reason(
    desk: Desk, reason: str
) -> None:
    desk.publisher.goes = [PublishRejected("no", reason=reason)]
    delivery = await run(desk)
    assert (delivery.state, delivery.reason, desk.publisher.calls) == (_V.FAILED, reason, 1)
    assert (await draft_of(desk, delivery)).state is DraftState.SCHEDULED
    said = await desk.announcements.unseen(limit=99)
    (failed,) = [one for one in said if one.kind is AnnouncementKind.FAILED]
    assert failed.detail == {
        "delivery_id": delivery.id,
        "title": "Channel",
        "reason": reason,
    }


async def test_a_preflight_that_refuses_sends_nothing(desk: Desk) -> None:
    desk.publisher.denied = PublishRejected("not an administrator", reason="permission")
    delivery = await run(desk)
    assert (delivery.state, delivery.reason, desk.publisher.calls) == (
        _V.FAILED,
        "permission",
        0,
    )


@pytest.mark.parametrize(
    "wrong", [lost(), TimeoutError(), RuntimeError("a bug of the adapter")], ids=repr
)
@pytest.mark.parametrize("live", [True, False], ids=["live", "absent"])
async def test_without_an_answer_the_outcome_is_unknown_and_nothing_is_sent_again(
    desk: Desk, wrong: Exception, live: bool
) -> None:
    desk.publisher.goes, desk.publisher.live_anyway = [wrong], live
    delivery = await run(desk)
    desk.clock.advance(timedelta(hours=5))
    await desk.recover()
    await desk.jobs.run_all()
    (attempt,) = await attempts(desk, delivery)
    assert ((await now(desk, delivery)).state, attempt.outcome) == (_V.UNKNOWN, "unknown")
    assert (desk.publisher.calls, len(desk.publisher.live)) == (1, int(live))
    assert (await desk.said()).count(AnnouncementKind.UNKNOWN) == 1


@pytest.fixture
async def hasty(
    folder: Path, clock: FakeClock, painter: BflProvider, paint_net: NetClient
) -> AsyncIterator[Desk]:
    """A desk that gives a destination two hundredths of a second."""
    async with open_desk(
        folder, providers={"bfl": painter}, net=paint_net, clock=clock, call_seconds=0.02
    ) as desk:
        yield desk


async def test_a_destination_that_hangs_has_an_unknown_outcome(hasty: Desk) -> None:
    hasty.publisher.goes = [asyncio.Event()]
    assert (await run(hasty)).state is _V.UNKNOWN


async def test_a_program_that_is_stopped_while_sending_leaves_it_unknown(desk: Desk) -> None:
    desk.publisher.goes = [asyncio.Event()]
    delivery = await desk.dispatched()
    task = asyncio.create_task(desk.jobs.run_all())
    await desk.publisher.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await now(desk, delivery)).state is _V.UNKNOWN


async def test_a_late_truth_of_the_same_attempt_wins(desk: Desk) -> None:
    """The machine slept over the lease, the sweep gave up, and then the answer came after all."""

    async def lapse() -> None:
        desk.clock.advance(LEASE)
        await desk.publishing.recover()

    desk.publisher.meanwhile = lapse
    delivery = await run(desk)
    assert (delivery.state, delivery.remote_id) == (_V.PUBLISHED, "1")
    assert AnnouncementKind.UNKNOWN in await desk.said()
    assert (await draft_of(desk, delivery)).state is DraftState.PUBLISHED


async def test_a_doubt_that_comes_after_the_sweeps_is_no_news(desk: Desk) -> None:
    async def lapse() -> None:
        desk.clock.advance(LEASE)
        await desk.publishing.recover()

    desk.publisher.meanwhile, desk.publisher.goes = lapse, [lost()]
    assert (await run(desk)).state is _V.UNKNOWN
    assert (await desk.said()).count(AnnouncementKind.UNKNOWN) == 1


async def test_a_truth_of_an_earlier_attempt_changes_nothing(desk: Desk) -> None:
    """Somebody said "not there", and a newer attempt is under way."""

    async def overtake() -> None:
        async with desk.store.write() as tx:
            rows = await tx.deliveries.find(state=_V.PUBLISHING)
            await tx.deliveries.touch(rows[0].id, fence=rows[0].fence + 1)

    desk.publisher.meanwhile = overtake
    delivery = await desk.dispatched()
    with pytest.raises(Stale):
        await desk.jobs.run_all()
    row = await now(desk, delivery)
    assert (row.state, row.fence, row.remote_id) == (_V.PUBLISHING, 2, None)


async def test_a_doubt_after_a_person_saw_the_post_is_forgotten(desk: Desk) -> None:
    async def see() -> None:
        desk.clock.advance(LEASE)
        await desk.publishing.recover()
        async with desk.store.read() as tx:
            (row,) = await tx.deliveries.find(state=_V.UNKNOWN)
        await desk.publishing.seen(row.id, ADA)

    desk.publisher.meanwhile, desk.publisher.goes = see, [lost()]
    assert (await run(desk)).state is _V.PUBLISHED


async def unknown(desk: Desk) -> Delivery:
    desk.publisher.goes = [lost()]
    return await run(desk)


async def test_a_person_who_sees_the_post_settles_it(desk: Desk) -> None:
    delivery = await unknown(desk)
    await desk.publishing.seen(delivery.id, ADA)
    assert (await now(desk, delivery)).state is _V.PUBLISHED
    assert (await draft_of(desk, delivery)).state is DraftState.PUBLISHED
    assert desk.publisher.calls == 1


async def test_a_person_who_misses_the_post_has_it_sent_once_more(desk: Desk) -> None:
    delivery = await unknown(desk)
    await desk.publishing.post_again(delivery.id, ADA)
    await desk.jobs.run_all()
    row = await now(desk, delivery)
    assert (row.state, row.fence, row.attempts) == (_V.PUBLISHED, 2, 2)
    assert [one.outcome for one in await attempts(desk, row)] == ["unknown", "published"]


async def test_a_person_may_give_it_up(desk: Desk) -> None:
    delivery = await unknown(desk)
    await desk.publishing.drop(delivery.id, ADA)
    assert (await now(desk, delivery)).state is _V.CANCELLED
    draft = await draft_of(desk, delivery)
    assert (draft.state, draft.decided_by, draft.decided_at) == (DraftState.REVIEW, None, None)


async def test_of_two_answers_the_first_counts(desk: Desk) -> None:
    delivery = await unknown(desk)
    await desk.publishing.seen(delivery.id, ADA)
    for answer in (desk.publishing.post_again, desk.publishing.drop, desk.publishing.seen):
        with pytest.raises(Stale):
            await answer(delivery.id, ADA)
    await desk.jobs.run_all()
    assert desk.publisher.calls == 1


async def test_a_missed_post_can_be_sent_now(desk: Desk) -> None:
    _, delivery = await desk.scheduled()
    desk.clock.advance(timedelta(days=2))
    await desk.schedule.dispatch_due()
    assert (await now(desk, delivery)).state is _V.MISSED
    await desk.publishing.post_again(delivery.id, ADA)
    await desk.jobs.run_all()
    assert (await now(desk, delivery)).state is _V.PUBLISHED


async def test_a_failed_post_can_be_sent_when_its_cause_is_mended(desk: Desk) -> None:
    desk.publisher.goes = [PublishRejected("no", reason="permission")]
    delivery = await run(desk)
    await desk.publishing.post_again(delivery.id, ADA)
    await desk.jobs.run_all()
    row = await now(desk, delivery)
    assert (row.state, row.reason, row.error_text) == (_V.PUBLISHED, None, None)


async def two_channels(desk: Desk) -> Draft:
    draft = await desk.review()
    await desk.channel()
    await desk.channel("-1002", "Second")
    return await desk.schedule.approve(draft.id, draft.version, ADA, when=desk.clock.now())


async def test_one_channels_trouble_is_not_the_others(desk: Desk) -> None:
    draft = await two_channels(desk)
    desk.publisher.goes = [PublishRejected("no", reason="gone")]
    await desk.schedule.dispatch_due()
    await desk.jobs.run_all()
    _, both = await desk.schedule.plan_of(draft.id)
    assert sorted(one.state for one in both) == [_V.FAILED, _V.PUBLISHED]
    assert (await desk.drafts.get(draft.id)).state is DraftState.SCHEDULED


async def test_a_draft_is_published_when_nothing_is_open_any_more(desk: Desk) -> None:
    draft = await two_channels(desk)
    desk.publisher.goes = [PublishRejected("no", reason="gone")]
    await desk.schedule.dispatch_due()
    await desk.jobs.run_all()
    _, both = await desk.schedule.plan_of(draft.id)
    (failed,) = [one for one in both if one.state is _V.FAILED]
    await desk.publishing.drop(failed.id, ADA)
    assert (await desk.drafts.get(draft.id)).state is DraftState.PUBLISHED


async def test_sending_again_reaches_only_the_channel_that_failed(desk: Desk) -> None:
    draft = await two_channels(desk)
    desk.publisher.goes = [PublishRejected("no", reason="gone")]
    await desk.schedule.dispatch_due()
    await desk.jobs.run_all()
    _, both = await desk.schedule.plan_of(draft.id)
    (failed,) = [one for one in both if one.state is _V.FAILED]
    await desk.publishing.post_again(failed.id, ADA)
    await desk.jobs.run_all()
    assert sorted(one.address for one in desk.publisher.live) == sorted([CHANNEL, "-1002"])
    assert (await desk.drafts.get(draft.id)).state is DraftState.PUBLISHED


async def test_a_preflight_that_hangs_is_a_pause(desk: Desk) -> None:
    desk.publisher.denied = TimeoutError()
    delivery = await run(desk)
    assert (delivery.state, desk.publisher.calls) == (_V.SCHEDULED, 0)
    assert delivery.due > desk.clock.now()


async def test_recovery_leaves_running_leases_alone(desk: Desk) -> None:
    delivery = await desk.dispatched()
    await desk.publishing.recover()
    assert await now(desk, delivery) == delivery
