"""The recovery contract (reliability.md 1c): what each state found after a crash must lead to.

A crash is a desk closed without a word, its queue and alarm lost; the next one opens its file.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from app.models import AnnouncementKind, DeliveryState, DraftState, ImageState
from app.net.client import NetClient
from app.providers.bfl import BflProvider
from app.scheduling import LEASE
from tests.fakes.clock import FakeClock
from tests.fakes.desk import Desk, open_desk
from tests.fakes.publisher import FakePublisher
from tests.fakes.vendor import Plan, Vendor

PENDING, READY = {"status": "Pending"}, {"status": "Ready"}
HOUR = timedelta(hours=1)


class Opening(Protocol):
    """Opens a desk as a new process would."""

    def __call__(self, *, owner: str = ...) -> AbstractAsyncContextManager[Desk]: ...


@pytest.fixture
def publisher() -> FakePublisher:
    """The destination outlives the program."""
    return FakePublisher()


@pytest.fixture
def start(
    folder: Path,
    clock: FakeClock,
    painter: BflProvider,
    paint_net: NetClient,
    publisher: FakePublisher,
) -> Opening:
    return partial(
        open_desk,
        folder,
        providers={"bfl": painter},
        net=paint_net,
        clock=clock,
        publisher=publisher,
    )


async def leave_image(desk: Desk, **columns: Any) -> int:
    """A painting draft whose picture stands there, still leased to the process that dies."""
    draft = await desk.create()
    async with desk.store.write() as tx:
        plain = {"fence": 1, "owner": "run:dead", "lease_until": desk.clock.now() + 10 * HOUR}
        await tx.images.touch(draft.painting_id or 0, **plain | columns)
    return draft.id


async def order(desk: Desk, vendor: Vendor) -> dict[str, Any]:
    """A job at the vendor, as a handle."""
    vendor.plan(Plan(answers=(READY,)))
    draft = await desk.create("Another topic", source_key="the order")
    await desk.studio.finish(draft.painting_id or 0)
    row = await desk.image(draft.painting_id)
    return dict(row.handle or {})


async def restarted(start: Opening, draft_id: int) -> tuple[DraftState, str | None]:
    """What becomes of the draft in the next process."""
    async with start(owner="run:new") as desk:
        await desk.recover()
        await desk.jobs.run_all()
        draft = await desk.drafts.get(draft_id)
        return draft.state, draft.failure


def calls(vendor: Vendor) -> tuple[int, int, int]:
    """Submits, polls and downloads so far."""
    kinds = ("submit", "poll", "download")
    one, two, three = (len(vendor.ledger.of(kind)) for kind in kinds)
    return one, two, three


async def test_an_intended_picture_is_ordered(start: Opening, paint_vendor: Vendor) -> None:
    async with start() as desk:
        draft_id = await leave_image(desk, state=ImageState.INTENDED)
    assert await restarted(start, draft_id) == (DraftState.REVIEW, None)
    assert calls(paint_vendor)[0] == 1


async def test_an_order_under_way_is_unknown_and_not_repeated(
    start: Opening, paint_vendor: Vendor
) -> None:
    async with start() as desk:
        draft_id = await leave_image(desk, state=ImageState.SUBMITTING)
    assert await restarted(start, draft_id) == (DraftState.FAILED, "submit_unknown")
    assert calls(paint_vendor) == (0, 0, 0)


async def test_an_accepted_job_is_polled_on(start: Opening, paint_vendor: Vendor) -> None:
    async with start() as desk:
        handle = await order(desk, paint_vendor)
        draft_id = await leave_image(desk, state=ImageState.ACCEPTED, handle=handle)
    before = calls(paint_vendor)
    assert await restarted(start, draft_id) == (DraftState.REVIEW, None)
    assert (calls(paint_vendor)[0], calls(paint_vendor)[1]) == (before[0], before[1] + 1)


async def test_an_accepted_job_is_polled_on_after_its_deadline_too(
    start: Opening, paint_vendor: Vendor, clock: FakeClock
) -> None:
    async with start() as desk:
        handle = await order(desk, paint_vendor)
        draft_id = await leave_image(desk, state=ImageState.ACCEPTED, handle=handle)
    clock.advance(5 * HOUR)
    assert await restarted(start, draft_id) == (DraftState.REVIEW, None)


async def test_a_ready_picture_is_fetched(start: Opening, paint_vendor: Vendor) -> None:
    async with start() as desk:
        handle = await order(desk, paint_vendor)
        base = str(handle["poll_url"]).partition("/v1/")[0]
        draft_id = await leave_image(
            desk,
            state=ImageState.READY,
            handle=handle,
            result_url=f"{base}/delivery/{handle['job_id']}",
            result_expires_at=desk.clock.now() + timedelta(minutes=10),
        )
    before = calls(paint_vendor)
    assert await restarted(start, draft_id) == (DraftState.REVIEW, None)
    assert calls(paint_vendor) == (before[0], before[1], before[2] + 1)


async def test_a_dead_address_is_asked_for_anew(start: Opening, paint_vendor: Vendor) -> None:
    async with start() as desk:
        handle = await order(desk, paint_vendor)
        base = str(handle["poll_url"]).partition("/v1/")[0]
        draft_id = await leave_image(
            desk,
            state=ImageState.READY,
            handle=handle,
            result_url=f"{base}/delivery/expired",
            result_expires_at=desk.clock.now() + timedelta(minutes=10),
        )
    before = calls(paint_vendor)
    assert await restarted(start, draft_id) == (DraftState.REVIEW, None)
    assert calls(paint_vendor) == (before[0], before[1] + 1, before[2] + 2)


async def test_a_stored_picture_reaches_its_draft(start: Opening, paint_vendor: Vendor) -> None:
    """The program died between the file and the draft."""
    async with start() as desk:
        draft = await desk.create()
        await desk.studio.finish(draft.painting_id or 0)
    before = calls(paint_vendor)
    assert await restarted(start, draft.id) == (DraftState.REVIEW, None)
    assert calls(paint_vendor) == before


@pytest.mark.parametrize(
    "state,code",
    [
        (ImageState.REFUSED, "moderated_output"),
        (ImageState.FAILED, "failed"),
        (ImageState.UNKNOWN, "submit_unknown"),
        (ImageState.LOST, "expired"),
    ],
)
async def test_an_end_reaches_its_draft(
    start: Opening, paint_vendor: Vendor, state: ImageState, code: str
) -> None:
    async with start() as desk:
        draft_id = await leave_image(
            desk, state=state, error_code=code, error_text="x", lease_until=None
        )
    assert await restarted(start, draft_id) == (DraftState.FAILED, code)
    assert calls(paint_vendor) == (0, 0, 0)


async def test_the_lease_of_another_kind_of_process_is_respected(
    start: Opening, paint_vendor: Vendor, clock: FakeClock
) -> None:
    """A script that paints beside the bot is not dead because the bot was."""
    async with start() as desk:
        draft_id = await leave_image(desk, state=ImageState.INTENDED, owner="script:busy")
    assert await restarted(start, draft_id) == (DraftState.PAINTING, None)
    clock.advance(11 * HOUR)
    assert await restarted(start, draft_id) == (DraftState.REVIEW, None)


async def delivered(start: Opening, **columns: Any) -> tuple[DeliveryState, list[str]]:
    """A delivery left like that, an hour before its time; what the next process makes of it."""
    async with start() as desk:
        _, delivery = await desk.scheduled(HOUR)
        state = columns.get("state")
        async with desk.store.write() as tx:
            await tx.deliveries.touch(delivery.id, **columns)
            if state is DeliveryState.PUBLISHING:
                await tx.attempts.add(
                    delivery_id=delivery.id,
                    fence=1,
                    started_at=desk.clock.now(),
                    outcome="started",
                )
    return await next_process(start, delivery.id)


async def next_process(start: Opening, delivery_id: int) -> tuple[DeliveryState, list[str]]:
    async with start(owner="run:new") as desk:
        await desk.recover()
        await desk.jobs.run_all()
        async with desk.store.read() as tx:
            state = (await tx.deliveries.get(delivery_id)).state
        return state, [str(one) for one in await desk.said()]


async def test_a_scheduled_post_is_not_sent_early(
    start: Opening, publisher: FakePublisher
) -> None:
    state, _ = await delivered(start, state=DeliveryState.SCHEDULED)
    assert state is DeliveryState.SCHEDULED
    assert publisher.calls == 0


async def test_a_post_that_fell_due_meanwhile_is_sent_within_its_half_hour(
    start: Opening, clock: FakeClock, publisher: FakePublisher
) -> None:
    async with start() as desk:
        _, delivery = await desk.scheduled(HOUR)
    clock.advance(HOUR + timedelta(minutes=20))
    assert (await next_process(start, delivery.id))[0] is DeliveryState.PUBLISHED
    assert len(publisher.live) == 1


async def test_a_post_that_is_too_late_is_asked_about(
    start: Opening, clock: FakeClock, publisher: FakePublisher
) -> None:
    async with start() as desk:
        _, delivery = await desk.scheduled(HOUR)
    clock.advance(2 * HOUR)
    state, said = await next_process(start, delivery.id)
    assert (state, publisher.calls) == (DeliveryState.MISSED, 0)
    assert AnnouncementKind.MISSED in said


async def test_a_dispatched_post_is_due_again(
    start: Opening, clock: FakeClock, publisher: FakePublisher
) -> None:
    """Nothing was sent before the intent was written."""
    async with start() as desk:
        delivery = await desk.dispatched()
    assert (await next_process(start, delivery.id))[0] is DeliveryState.PUBLISHED
    assert len(publisher.live) == 1


@pytest.mark.parametrize("live", [True, False])
async def test_a_post_under_way_is_unknown_and_never_sent_again_by_itself(
    start: Opening, publisher: FakePublisher, live: bool
) -> None:
    """Killed within the call, before or after it took effect: the program cannot know."""
    state, said = await delivered(
        start,
        state=DeliveryState.PUBLISHING,
        fence=1,
        attempts=1,
        owner="run:dead",
        lease_until=None,
    )
    assert (state, publisher.calls) == (DeliveryState.UNKNOWN, 0)
    assert said.count(AnnouncementKind.UNKNOWN) == 1


async def test_a_post_under_way_in_another_kind_of_process_waits_for_its_lease(
    start: Opening, clock: FakeClock
) -> None:
    async with start() as desk:
        _, delivery = await desk.scheduled(HOUR)
        async with desk.store.write() as tx:
            await tx.deliveries.touch(
                delivery.id,
                state=DeliveryState.PUBLISHING,
                owner="worker:busy",
                lease_until=clock.now() + LEASE,
            )
    assert (await next_process(start, delivery.id))[0] is DeliveryState.PUBLISHING
    clock.advance(LEASE)
    assert (await next_process(start, delivery.id))[0] is DeliveryState.UNKNOWN


@pytest.mark.parametrize(
    "state",
    [
        DeliveryState.PUBLISHED,
        DeliveryState.FAILED,
        DeliveryState.UNKNOWN,
        DeliveryState.CANCELLED,
        DeliveryState.MISSED,
    ],
    ids=str,
)
async def test_what_was_settled_stays_so(
    start: Opening, publisher: FakePublisher, clock: FakeClock, state: DeliveryState
) -> None:
    clock.advance(timedelta())
    assert (await delivered(start, state=state))[0] is state
    assert publisher.calls == 0


async def test_what_was_said_but_not_shown_is_still_to_be_shown(start: Opening) -> None:
    async with start() as desk:
        draft = await desk.review()
        before = await desk.announcements.unseen()
    async with start() as desk:
        assert await desk.announcements.unseen() == before
        assert {one.draft_id for one in before} == {draft.id}


async def test_recovering_twice_is_recovering_once(
    start: Opening, publisher: FakePublisher, paint_vendor: Vendor
) -> None:
    async with start() as desk:
        draft_id = await leave_image(desk, state=ImageState.INTENDED)
    async with start(owner="run:new") as desk:
        for _ in range(3):
            await desk.recover()
        await desk.jobs.run_all()
        assert (await desk.drafts.get(draft_id)).state is DraftState.REVIEW
    assert calls(paint_vendor)[0] == 1
