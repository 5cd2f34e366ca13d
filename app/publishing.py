"""Deliveries: an approved post goes out once, and its outcome is told honestly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.announcements import AnnouncementService
from app.captions import post_text
from app.errors import PublishError, PublishRejected, Stale, StorageError
from app.insistence import insist
from app.models import (
    GIVEN_UP,
    Actor,
    AnnouncementKind,
    Delivery,
    DeliveryState,
    Destination,
    Draft,
    DraftState,
    Image,
)
from app.orders import OutgoingPost, PictureFile, Receipt
from app.ports import Clock, Jobs, Publisher, Store
from app.scheduling import DELIVER, LEASE, ScheduleService
from app.transactions import Transaction

log = logging.getLogger(__name__)

PREFLIGHT_SECONDS = 15.0
CALL_SECONDS = LEASE.total_seconds() / 2
#: after the first, the second and every later refusal that time can mend
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60))
_RETRIED = frozenset({"transient", "quota"})
_SETTLED = frozenset(
    {
        DeliveryState.PUBLISHED,
        DeliveryState.CANCELLED,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parcel:
    """Everything one delivery needs, read before anything is sent."""

    delivery: Delivery
    draft: Draft
    image: Image
    destination: Destination


class PublishService:
    """Runs deliveries and resolves the ones whose outcome is unknown."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        jobs: Jobs,
        schedule: ScheduleService,
        announcements: AnnouncementService,
        publishers: Mapping[str, Publisher],
        picture_path: Callable[[Image], Path],
        owner: str,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        """`publishers` by kind; `owner` marks this process's leases.

        A call that takes longer than `call_seconds` has an unknown outcome.
        """
        self._store = store
        self._clock = clock
        self._schedule = schedule
        self._announcements = announcements
        self._publishers = publishers
        self._picture_path = picture_path
        self._owner = owner
        self._call_seconds = call_seconds
        jobs.handle(DELIVER, self.deliver)

    async def deliver(self, delivery_id: int) -> None:
        """Job: send a dispatched delivery. Any other state means that somebody else did."""
        refusal = await self._preflight(delivery_id)
        parcel = await self._begin(delivery_id)
        if parcel is None:
            return
        try:
            receipt = await self._publish(parcel, refusal)
        except PublishRejected as error:
            refused = error
            await self._insist(lambda tx: self._rejected(tx, parcel, refused))
            await self._schedule.dispatch_due()
        except asyncio.CancelledError:
            await self._insist(lambda tx: self._unknown(tx, parcel, "stopped while sending"))
            raise
        except Exception as error:
            if not isinstance(error, PublishError | TimeoutError):
                log.exception("a publisher failed in an unforeseen way")
            words = str(error)
            await self._insist(lambda tx: self._unknown(tx, parcel, words))
        else:
            await self._insist(lambda tx: self._published(tx, parcel, receipt))

    async def recover(self) -> None:
        """End lapsed leases: what was not begun is due again, what was begun is unknown."""
        async with self._store.read() as tx:
            lapsed = await tx.deliveries.lapsed(now=self._clock.now())
        for one in lapsed:
            if one.state is DeliveryState.DISPATCHED:
                await self._due_again(one)
            else:
                parcel = await self._parcel(one)
                async with self._store.write() as tx:
                    await self._unknown(tx, parcel, "the program stopped while sending")

    async def _due_again(self, delivery: Delivery) -> None:
        async with self._store.write() as tx:
            try:
                await self._move(tx, delivery, DeliveryState.SCHEDULED, lease_until=None)
            except Stale:
                log.info("delivery %s was begun or cancelled meanwhile", delivery.id)

    async def seen(self, delivery_id: int, fence: int, actor: Actor) -> None:
        """A person saw the post of that attempt: it is live. Raises `Stale`, as the next two."""
        await self._resolve(delivery_id, fence, DeliveryState.PUBLISHED, actor, reason=None)

    async def post_again(self, delivery_id: int, fence: int, actor: Actor) -> None:
        """A person says that it is not there, or wants a missed or failed one out: send it now."""
        due = self._clock.now()
        await self._resolve(
            delivery_id, fence, DeliveryState.SCHEDULED, actor, due=due, attempts=0, reason=None
        )
        await self._schedule.dispatch_due()

    async def drop(self, delivery_id: int, fence: int, actor: Actor) -> None:
        """A person gives a missed, failed or unknown delivery up."""
        await self._resolve(delivery_id, fence, DeliveryState.CANCELLED, actor)

    async def _insist(self, work: Callable[[Transaction], Awaitable[None]]) -> None:
        """Write an outcome: bytes may be out, so the truth has to land."""
        await insist(self._store, self._clock, work)

    async def _preflight(self, delivery_id: int) -> PublishRejected | None:
        """Wait for the turn, then ask the destination whether it would take a post.

        Nothing is written of it yet: a crash here leaves no doubt behind.
        """
        async with self._store.read() as tx:
            delivery = await tx.deliveries.get(delivery_id)
            destination = await tx.destinations.get(delivery.destination_id)
        if delivery.state is not DeliveryState.DISPATCHED:
            return None
        publisher = self._publishers[destination.kind]
        beat = asyncio.create_task(self._beat(delivery))
        try:
            await publisher.ready(destination)
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
        try:
            async with asyncio.timeout(PREFLIGHT_SECONDS):
                await publisher.preflight(destination)
        except PublishRejected as error:
            return error
        except TimeoutError:
            return PublishRejected("The destination did not answer.", reason="transient")
        return None

    async def _beat(self, delivery: Delivery) -> None:
        """Keep a dispatched delivery's lease while its turn does not come."""
        while True:
            await self._clock.sleep(LEASE.total_seconds() / 3)
            try:
                async with self._store.write() as tx:
                    await tx.deliveries.move(delivery, lease_until=self._clock.now() + LEASE)
            except Stale:
                return
            except StorageError as error:
                log.warning("a delivery's lease was not renewed: %s", error)

    async def _begin(self, delivery_id: int) -> _Parcel | None:
        """Write the intent. After this commit bytes may leave; before it none did."""
        now = self._clock.now()
        async with self._store.write() as tx:
            delivery = await tx.deliveries.get(delivery_id)
            if delivery.state is not DeliveryState.DISPATCHED:
                return None
            if now - delivery.due > self._schedule.max_lateness:
                # its turn came too late: the next sweep asks about it
                await self._move(tx, delivery, DeliveryState.SCHEDULED, lease_until=None)
                return None
            post = await tx.posts.get(delivery.post_id)
            draft = await tx.drafts.get(delivery.draft_id)
            if (draft.state, draft.version) != (DraftState.SCHEDULED, post.draft_version):
                await self._move(tx, delivery, DeliveryState.CANCELLED)
                return None
            delivery = await self._move(
                tx,
                delivery,
                DeliveryState.PUBLISHING,
                fence=delivery.fence + 1,
                attempts=delivery.attempts + 1,
                owner=self._owner,
                lease_until=now + LEASE,
            )
            await tx.attempts.add(
                delivery_id=delivery.id, fence=delivery.fence, started_at=now, outcome="started"
            )
            await self._show(tx, draft)
        return await self._parcel(delivery)

    async def _parcel(self, delivery: Delivery) -> _Parcel:
        async with self._store.read() as tx:
            draft = await tx.drafts.get(delivery.draft_id)
            return _Parcel(
                delivery=delivery,
                draft=draft,
                image=await tx.images.get(draft.image_id or 0),
                destination=await tx.destinations.get(delivery.destination_id),
            )

    async def _publish(self, parcel: _Parcel, refusal: PublishRejected | None) -> Receipt:
        if refusal is not None:
            raise refusal
        publisher = self._publishers[parcel.destination.kind]
        async with asyncio.timeout(self._call_seconds):
            return await publisher.publish(
                parcel.destination, self._outgoing(parcel), key=parcel.delivery.ikey
            )

    def _outgoing(self, parcel: _Parcel) -> OutgoingPost:
        image = parcel.image
        return OutgoingPost(
            text=post_text(parcel.draft.caption, parcel.draft.hashtags),
            picture=PictureFile(
                path=str(self._picture_path(image)),
                mime=image.mime or "image/jpeg",
                width=image.real_width or image.width,
                height=image.real_height or image.height,
                file_size=image.file_size or 0,
            ),
            alt_text=parcel.draft.alt_text,
            cached_id=image.file_id,
        )

    async def _published(self, tx: Transaction, parcel: _Parcel, receipt: Receipt) -> None:
        delivery = await self._finish(
            tx,
            parcel,
            DeliveryState.PUBLISHED,
            "published",
            remote_id=receipt.remote_id,
            remote_url=receipt.url,
            reason=None,
            error_text=None,
        )
        await self._say(tx, AnnouncementKind.PUBLISHED, parcel, url=delivery.remote_url)
        await self._close_draft(tx, parcel.draft.id)

    async def _rejected(self, tx: Transaction, parcel: _Parcel, error: PublishRejected) -> None:
        """Nothing was posted: try again while that can help, else tell what to mend."""
        again = await self._next_try(tx, parcel.delivery, error)
        if again is not None:
            await self._finish(
                tx, parcel, DeliveryState.SCHEDULED, "rejected", error=error, due=again
            )
        else:
            await self._finish(
                tx, parcel, DeliveryState.FAILED, "rejected", error=error, reason=error.reason
            )
            await self._say(tx, AnnouncementKind.FAILED, parcel, reason=error.reason)
        await self._show(tx, parcel.draft)

    async def _next_try(
        self, tx: Transaction, delivery: Delivery, error: PublishRejected
    ) -> datetime | None:
        """When to try again; None where that does not help, or comes later than a post may be."""
        if error.reason not in _RETRIED:
            return None
        pause = PAUSES[min(delivery.attempts, len(PAUSES)) - 1]
        again = self._clock.now() + max(error.retry_after or timedelta(), pause)
        latest = await self._first_due(tx, delivery) + self._schedule.max_lateness
        return again if again <= latest else None

    async def _first_due(self, tx: Transaction, delivery: Delivery) -> datetime:
        """The time of the post, or when a person last had it sent: that counts attempts anew."""
        if delivery.attempts == delivery.fence:
            return (await tx.posts.get(delivery.post_id)).due
        first = delivery.fence - delivery.attempts + 1
        (attempt,) = await tx.attempts.find(delivery_id=delivery.id, fence=first)
        return attempt.started_at

    async def _unknown(self, tx: Transaction, parcel: _Parcel, words: str) -> None:
        try:
            await self._finish(
                tx, parcel, DeliveryState.UNKNOWN, "unknown", error=PublishError(words)
            )
        except Stale:
            log.info("delivery %s was settled meanwhile", parcel.delivery.id)
            return
        await self._say(tx, AnnouncementKind.UNKNOWN, parcel)
        await self._show(tx, parcel.draft)

    async def _finish(
        self,
        tx: Transaction,
        parcel: _Parcel,
        state: DeliveryState,
        outcome: str,
        *,
        error: PublishError | None = None,
        **changes: Any,
    ) -> Delivery:
        """The result of this attempt; a later truth of the same fence wins over `unknown`."""
        words = str(error) if error else None
        current = await tx.deliveries.get(parcel.delivery.id)
        open_ended = current.state in (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)
        if current.fence != parcel.delivery.fence or not open_ended or current.state is state:
            raise Stale
        changes.setdefault("error_text", words)
        delivery = await self._move(tx, current, state, lease_until=None, **changes)
        attempts = await tx.attempts.find(delivery_id=delivery.id, fence=delivery.fence)
        for attempt in attempts:
            await tx.attempts.touch(
                attempt.id, outcome=outcome, finished_at=self._clock.now(), error_text=words
            )
        return delivery

    async def _resolve(
        self, delivery_id: int, fence: int, state: DeliveryState, actor: Actor, **changes: Any
    ) -> None:
        """What a person answers about one attempt; a later attempt is asked about anew."""
        async with self._store.write() as tx:
            delivery = await tx.deliveries.get(delivery_id)
            draft = await tx.drafts.get(delivery.draft_id)
            askable = (DeliveryState.UNKNOWN, DeliveryState.MISSED, DeliveryState.FAILED)
            if delivery.fence != fence or delivery.state not in askable:
                raise Stale(draft=draft)
            if (delivery.state, state) == (DeliveryState.UNKNOWN, DeliveryState.CANCELLED):
                changes["reason"] = GIVEN_UP
            await self._move(tx, delivery, state, **changes)
            await tx.audit(
                brand_id=draft.brand_id,
                actor=actor.name,
                action=f"delivery_{state}",
                draft_id=draft.id,
                delivery_id=delivery.id,
            )
            await self._close_draft(tx, draft.id)

    async def _close_draft(self, tx: Transaction, draft_id: int) -> None:
        """A draft is published when something is out, or may be, and nothing is pending."""
        draft = await tx.drafts.get(draft_id)
        deliveries = await tx.deliveries.find(draft_id=draft_id)
        if draft.state is DraftState.SCHEDULED and {one.state for one in deliveries} <= _SETTLED:
            out = any(one.may_be_live for one in deliveries)
            draft = await tx.drafts.move(draft, updated_at=self._clock.now(), **_closed(out))
        await self._show(tx, draft)

    async def _move(
        self, tx: Transaction, delivery: Delivery, state: DeliveryState, **changes: Any
    ) -> Delivery:
        return await tx.deliveries.move(
            delivery, state=state, updated_at=self._clock.now(), **changes
        )

    async def _say(
        self, tx: Transaction, kind: AnnouncementKind, parcel: _Parcel, **detail: Any
    ) -> None:
        await self._announcements.say(
            tx,
            kind,
            brand_id=parcel.draft.brand_id,
            draft_id=parcel.draft.id,
            delivery_id=parcel.delivery.id,
            title=parcel.destination.title,
            **detail,
        )

    async def _show(self, tx: Transaction, draft: Draft) -> None:
        await self._announcements.say(
            tx, AnnouncementKind.CARD, brand_id=draft.brand_id, draft_id=draft.id
        )


def _closed(out: bool) -> dict[str, Any]:
    """Published where something is out; else under review again, with no approval left."""
    if out:
        return {"state": DraftState.PUBLISHED}
    return {"state": DraftState.REVIEW, "decided_by": None, "decided_at": None}
