"""Drafts in every state a card can show, made by the services and the rows they would write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from app.errors import DeskError, ImageError, StorageError
from app.models import Actor, DeliveryState, DraftState, ImageState
from tests.bot.driver import Desk

Build = Callable[[Desk], Awaitable[int]]
ADA = Actor(id=1001, name="Ada")


def codes_of(kind: type[DeskError]) -> list[str]:
    """The codes of an error class and everything below it."""
    found = {kind.code}
    for child in kind.__subclasses__():
        found |= set(codes_of(child))
    return sorted(found)


#: whatever a failed painting can leave on a draft
FAILURES = [*codes_of(ImageError), *codes_of(StorageError), "internal"]
RESUMABLE = ("timeout", "storage_full", "storage_busy")


async def review(desk: Desk) -> int:
    """A draft with its picture."""
    card = await desk.made()
    return int(card["text"][1:].partition(" ")[0])


async def prompt(desk: Desk) -> int:
    """Nothing was painted yet."""
    draft_id = await review(desk)
    return await moved(desk, draft_id, image_id=None)


async def prompt_changed(desk: Desk) -> int:
    """The picture shows an earlier prompt."""
    draft_id = await review(desk)
    await desk.services.drafts.edit_prompt(draft_id, 1, ADA, "Another prompt altogether")
    return draft_id


async def moved(desk: Desk, draft_id: int, **changes: Any) -> int:
    """Change the row and have the card drawn."""
    async with desk.services.store.write() as tx:
        await tx.drafts.move(await tx.drafts.get(draft_id), **changes)
    await desk.services.drafts.show(draft_id)
    return draft_id


def failed(code: str, *, earlier: bool) -> Build:
    """The picture failed; `earlier`: there is one from before."""

    async def build(desk: Desk) -> int:
        draft_id = await review(desk)
        draft = await desk.draft(draft_id)
        waiting = code in RESUMABLE
        painting = await desk.has_image(
            draft,
            state=ImageState.ACCEPTED if waiting else ImageState.FAILED,
            path=None,
            handle={"provider": "offline", "model": "preview", "job_id": "1"},
            error_code=None if waiting else code,
        )
        changes: dict[str, Any] = {} if earlier else {"image_id": None}
        await moved(desk, draft_id, state=DraftState.PAINTING, painting_id=painting, **changes)
        return await moved(desk, draft_id, state=DraftState.FAILED, failure=code)

    return build


async def approved(desk: Desk) -> int:
    """Approved, and it waits for a time."""
    draft_id = await review(desk)
    await desk.services.schedule.approve(draft_id, 1, ADA, when=None)
    return draft_id


async def scheduled(desk: Desk) -> int:
    """It goes out in two hours."""
    draft_id = await review(desk)
    due = desk.clock.now() + timedelta(hours=2)
    await desk.services.schedule.approve(draft_id, 1, ADA, when=due)
    return draft_id


def delivery(*path: DeliveryState, **facts: Any) -> Build:
    """Scheduled, and its delivery went this way."""

    async def build(desk: Desk) -> int:
        draft_id = await scheduled(desk)
        async with desk.services.store.write() as tx:
            for state in path:
                one = (await tx.deliveries.find(draft_id=draft_id))[0]
                await tx.deliveries.move(
                    one, state=state, fence=one.fence + 1, updated_at=desk.clock.now(), **facts
                )
        await desk.services.drafts.show(draft_id)
        return draft_id

    return build


async def published(desk: Desk) -> int:
    """It is out."""
    build = delivery(
        DeliveryState.DISPATCHED,
        DeliveryState.PUBLISHING,
        DeliveryState.PUBLISHED,
        remote_id="7",
        remote_url="https://t.me/meridian_sensors/7",
    )
    return await moved(desk, await build(desk), state=DraftState.PUBLISHED)


async def rejected(desk: Desk) -> int:
    """Put away."""
    draft_id = await review(desk)
    await desk.services.drafts.discard(draft_id, 1, ADA)
    return draft_id


async def expired(desk: Desk) -> int:
    """Its time came without a decision."""
    return await moved(desk, await review(desk), state=DraftState.EXPIRED)


_V = DeliveryState
_TRIED = (_V.DISPATCHED, _V.PUBLISHING)

#: with a channel connected
STATES: dict[str, Build] = {
    "review": review,
    "prompt": prompt,
    "prompt changed": prompt_changed,
    "approved": approved,
    "scheduled": scheduled,
    "sending": delivery(*_TRIED),
    "unknown": delivery(*_TRIED, _V.UNKNOWN),
    "delivery failed": delivery(*_TRIED, _V.FAILED, reason="content"),
    "missed": delivery(_V.MISSED),
    "published": published,
    "rejected": rejected,
    "expired": expired,
    "failed for good": failed("moderated_input", earlier=False),
    "failed with an earlier picture": failed("unavailable", earlier=True),
    "failed resumably": failed("timeout", earlier=False),
}
