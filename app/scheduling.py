"""Approval and time: what was approved goes out at its time, and not before."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.announcements import AnnouncementService
from app.captions import check_post_text
from app.errors import (
    NoPictureYet,
    NowhereToPost,
    SlotTaken,
    Stale,
    TimeInPast,
    TooLateToChange,
)
from app.models import (
    Actor,
    AnnouncementKind,
    Brand,
    Delivery,
    DeliveryState,
    Destination,
    DestinationState,
    Draft,
    DraftState,
    Post,
)
from app.ports import Clock, Jobs, Store
from app.slots import is_taken, next_free, parse_grid
from app.transactions import Transaction
from app.wallclock import on_the_wall

DELIVER = "deliver"
CLAIM_BATCH = 50
#: how long a claimed delivery may wait for its worker, and a publish call may take, twice over
LEASE = timedelta(seconds=120)
#: a time that passed while a person was tapping still counts as now
NOW_TOLERANCE = timedelta(minutes=1)

_WAITING = (DeliveryState.SCHEDULED, DeliveryState.DISPATCHED)
_STOPPABLE = (*_WAITING, DeliveryState.MISSED, DeliveryState.FAILED)


class ScheduleService:
    """Posts and the due times of their deliveries."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        jobs: Jobs,
        announcements: AnnouncementService,
        max_lateness: timedelta,
    ) -> None:
        """A delivery later than `max_lateness` is not sent but asked about."""
        self._store = store
        self._clock = clock
        self._jobs = jobs
        self._announcements = announcements
        self.max_lateness = max_lateness
        jobs.on_wake(self.dispatch_due)

    async def next_free(self, brand: Brand) -> datetime | None:
        """The next slot of the week that no post has."""
        async with self._store.read() as tx:
            return await self._next_free(tx, brand)

    async def approve(
        self,
        draft_id: int,
        version: int,
        actor: Actor,
        *,
        when: datetime | None,
        free_slot: bool = False,
    ) -> Draft:
        """Approve exactly this version for `when` (UTC), or without a time yet (None).

        Without a working channel it waits, approved, for one. With `free_slot` the time must
        still be nobody's. Raises `Stale`, `NoPictureYet`, `TextTooLong`, `TimeInPast`,
        `SlotTaken`.
        """
        due = None if when is None else self._due(when)
        async with self._store.write() as tx:
            draft = await tx.drafts.get(draft_id)
            if draft.version != version or draft.state is not DraftState.REVIEW:
                raise Stale(draft=draft)
            await self._check_content(tx, draft)
            if due is not None and free_slot and is_taken(due, await self._taken(tx)):
                raise SlotTaken(draft=draft)
            now = self._clock.now()
            draft = await tx.drafts.move(
                draft,
                state=DraftState.APPROVED,
                decided_by=actor.name,
                decided_at=now,
                updated_at=now,
            )
            await self._audit(tx, draft, actor, "approve")
            if due is not None and await self._destinations(tx, draft):
                draft = await self._schedule(tx, draft, due, actor)
            return await self._shown(tx, draft)

    async def schedule(
        self, draft_id: int, version: int, actor: Actor, *, when: datetime
    ) -> Draft:
        """Give an approved draft a time, or a scheduled one another; the content stays approved.

        The time it has already, at the channels it is meant for, changes nothing.
        Raises `Stale`, `TimeInPast`, `NowhereToPost`, `TooLateToChange`.
        """
        due = self._due(when)
        async with self._store.write() as tx:
            draft = await tx.drafts.get(draft_id)
            movable = (DraftState.APPROVED, DraftState.SCHEDULED)
            if draft.version != version or draft.state not in movable:
                raise Stale(draft=draft)
            destinations = await self._destinations(tx, draft)
            if not destinations:
                raise NowhereToPost
            if await self._is_set(tx, draft, due, destinations):
                return await self._shown(tx, draft)
            await self._cancel(tx, draft)
            return await self._shown(tx, await self._schedule(tx, draft, due, actor))

    async def unschedule(self, draft_id: int, version: int, actor: Actor) -> Draft:
        """Take the approval and the time back; the draft is under review again."""
        async with self._store.write() as tx:
            draft = await tx.drafts.get(draft_id)
            movable = (DraftState.APPROVED, DraftState.SCHEDULED)
            if draft.version != version or draft.state not in movable:
                raise Stale(draft=draft)
            await self.withdraw(tx, draft, actor)
            draft = await tx.drafts.move(
                draft,
                state=DraftState.REVIEW,
                decided_by=None,
                decided_at=None,
                updated_at=self._clock.now(),
            )
            return await self._shown(tx, draft)

    async def withdraw(self, tx: Transaction, draft: Draft, actor: Actor) -> None:
        """Cancel what has not gone out, in the caller's transaction; `TooLateToChange` else."""
        await self._cancel(tx, draft)
        await self._audit(tx, draft, actor, "withdraw")

    async def plan_of(self, draft_id: int) -> tuple[Post | None, list[Delivery]]:
        """The latest post of a draft and its deliveries."""
        async with self._store.read() as tx:
            posts = await tx.posts.find(draft_id=draft_id, order="-id", limit=1)
            if not posts:
                return None, []
            return posts[0], await tx.deliveries.find(post_id=posts[0].id)

    async def queue(self, *, limit: int) -> list[tuple[Delivery, Draft]]:
        """What goes out next, soonest first."""
        async with self._store.read() as tx:
            waiting = await tx.deliveries.find(state=_WAITING, order="due", limit=limit)
            return [(one, await tx.drafts.get(one.draft_id)) for one in waiting]

    async def dispatch_due(self) -> None:
        """Hand what is due to the publishers, ask about what is too late, set the next alarm."""
        now = self._clock.now()
        async with self._store.write() as tx:
            for late in await tx.deliveries.overdue(before=now - self.max_lateness):
                await self._miss(tx, late)
            claimed = await tx.deliveries.claim_due(
                now=now, limit=CLAIM_BATCH, lease_until=now + LEASE
            )
            await self._jobs.submit(tx, DELIVER, [one.id for one in claimed])
            await self._set_alarm(tx)

    async def _miss(self, tx: Transaction, late: Delivery) -> None:
        await tx.deliveries.move(late, state=DeliveryState.MISSED, updated_at=self._clock.now())
        draft = await tx.drafts.get(late.draft_id)
        await self._announcements.say(
            tx,
            AnnouncementKind.MISSED,
            brand_id=draft.brand_id,
            draft_id=draft.id,
            delivery_id=late.id,
        )
        await self._shown(tx, draft)

    async def _schedule(self, tx: Transaction, draft: Draft, due: datetime, actor: Actor) -> Draft:
        brand = await tx.brands.get(draft.brand_id)
        now = self._clock.now()
        post = await tx.posts.add(
            brand_id=brand.id,
            draft_id=draft.id,
            draft_version=draft.version,
            due=due,
            wall=on_the_wall(due, ZoneInfo(brand.zone)).isoformat(timespec="seconds"),
            zone=brand.zone,
            created_by=actor.name,
            created_at=now,
        )
        for destination in await self._destinations(tx, draft):
            await tx.deliveries.add(
                post_id=post.id,
                draft_id=draft.id,
                destination_id=destination.id,
                ikey=f"post:{post.id}:{destination.id}",
                due=due,
                state=DeliveryState.SCHEDULED,
                fence=0,
                attempts=0,
                updated_at=now,
            )
        await self._audit(tx, draft, actor, "schedule", due=due.isoformat())
        await self._set_alarm(tx)
        if draft.state is DraftState.SCHEDULED:
            return draft
        return await tx.drafts.move(draft, state=DraftState.SCHEDULED, updated_at=now)

    async def _is_set(
        self, tx: Transaction, draft: Draft, due: datetime, destinations: list[Destination]
    ) -> bool:
        """A post that is due stays in its turn, however often somebody taps "now"."""
        now = self._clock.now()
        waiting = await tx.deliveries.find(draft_id=draft.id, state=_WAITING)
        same = [one for one in waiting if one.due == due or max(one.due, due) <= now]
        return {one.destination_id for one in same} == {one.id for one in destinations}

    async def _cancel(self, tx: Transaction, draft: Draft) -> None:
        deliveries = await tx.deliveries.find(draft_id=draft.id)
        if any(one.may_be_live for one in deliveries):
            raise TooLateToChange(draft=draft)
        for one in deliveries:
            if one.state in _STOPPABLE:
                await tx.deliveries.move(
                    one, state=DeliveryState.CANCELLED, updated_at=self._clock.now()
                )
        await self._set_alarm(tx)

    async def _check_content(self, tx: Transaction, draft: Draft) -> None:
        image = await tx.images.get(draft.image_id) if draft.image_id else None
        if image is None or image.prompt != draft.prompt:
            raise NoPictureYet(draft=draft)
        check_post_text(draft.caption, draft.hashtags)

    def _due(self, when: datetime) -> datetime:
        if when < self._clock.now() - NOW_TOLERANCE:
            raise TimeInPast(when=when)
        return when

    async def _next_free(self, tx: Transaction, brand: Brand) -> datetime | None:
        return next_free(
            parse_grid(brand.grid),
            zone=ZoneInfo(brand.zone),
            after=self._clock.now() + NOW_TOLERANCE,
            taken=await self._taken(tx),
        )

    async def _taken(self, tx: Transaction) -> list[datetime]:
        return [one.due for one in await tx.deliveries.find(state=_WAITING)]

    async def _destinations(self, tx: Transaction, draft: Draft) -> list[Destination]:
        return await tx.destinations.find(brand_id=draft.brand_id, state=DestinationState.ACTIVE)

    async def _set_alarm(self, tx: Transaction) -> None:
        due = await tx.deliveries.next_due()
        tx.after(lambda: self._jobs.wake_at(due))

    async def _audit(
        self, tx: Transaction, draft: Draft, actor: Actor, action: str, **detail: str
    ) -> None:
        await tx.audit(
            brand_id=draft.brand_id,
            actor=actor.name,
            action=action,
            draft_id=draft.id,
            version=draft.version,
            **detail,
        )

    async def _shown(self, tx: Transaction, draft: Draft) -> Draft:
        await self._announcements.say(
            tx, AnnouncementKind.CARD, brand_id=draft.brand_id, draft_id=draft.id
        )
        return draft
