"""The life of a draft up to its approval: made, painted, edited, discarded, restored."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from app.announcements import AnnouncementService
from app.captions import check_post_text, take_apart
from app.errors import (
    DeskError,
    ImageTimeout,
    InputRefused,
    NoPictureYet,
    Stale,
    TextTooLong,
)
from app.flux_helper import generate_image_flux
from app.images import Studio
from app.models import (
    Actor,
    AnnouncementKind,
    Brand,
    Draft,
    DraftState,
    Image,
)
from app.painting import RESUMABLE
from app.ports import Clock, Jobs, Store
from app.prompts import themes, without_theme_tags
from app.scheduling import ScheduleService
from app.topics import composed, draft_columns
from app.transactions import Transaction
from app.views import picture_request

log = logging.getLogger(__name__)

PAINT = "paint"
PROMPT_LIMIT = 2000
MAX_WAIT_SECONDS = 120.0

_EDITABLE = (
    DraftState.REVIEW,
    DraftState.FAILED,
    DraftState.APPROVED,
    DraftState.SCHEDULED,
)

#: a failed draft takes what comes after all: the late answer to an order held for unknown
_WAITING = (DraftState.PAINTING, DraftState.FAILED)


class DraftService:
    """Every change of a draft that is not its time."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        jobs: Jobs,
        studio: Studio,
        schedule: ScheduleService,
        announcements: AnnouncementService,
    ) -> None:
        """The painting itself runs as a job, so that nobody waits for it."""
        self._store = store
        self._clock = clock
        self._jobs = jobs
        self._studio = studio
        self._schedule = schedule
        self._announcements = announcements
        jobs.handle(PAINT, self.paint)

    async def create(
        self,
        text: str,
        *,
        brand: Brand,
        author: Actor,
        chat_id: int,
        thread_id: int | None,
        source_key: str,
        paint: bool = True,
    ) -> Draft:
        """Make a draft of a topic and order its picture; the same `source_key` again is harmless.

        Raises `TopicUnusable`, `TextTooLong`, or an `ImageError` when no provider can paint it.
        With `paint=False` nothing is spent before somebody has read the prompt.
        """
        composition = composed(text, seed=secrets.randbelow(2**31))
        async with self._store.write() as tx:
            known = await tx.topics.find(source_key=source_key)
            if known:
                return (await tx.drafts.find(topic_id=known[0].id))[0]
            now = self._clock.now()
            topic = await tx.topics.add(
                brand_id=brand.id,
                text=text.strip(),
                language=composition.language,
                author_id=author.id,
                source_key=source_key,
                created_at=now,
            )
            draft = await tx.drafts.add(
                brand_id=brand.id,
                number=await tx.drafts.next_number(brand.id),
                topic_id=topic.id,
                author_id=author.id,
                chat_id=chat_id,
                thread_id=thread_id,
                state=DraftState.REVIEW,
                version=1,
                prompt_edited=False,
                caption_edited=False,
                created_at=now,
                updated_at=now,
                **draft_columns(composition),
            )
            if paint:
                draft = await self._order(tx, draft, version=draft.version)
            return await self._told(tx, draft, author, "create")

    async def paint(self, image_id: int) -> None:
        """Job: bring the picture to its end and settle the draft that waits for it."""
        async with self._store.read() as tx:
            image = await tx.images.get(image_id)
        try:
            result = await generate_image_flux(
                image.prompt,
                image.width,
                image.height,
                image.output_format,
                MAX_WAIT_SECONDS,
                image_id=image_id,
                studio=self._studio,
            )
        except Exception:
            log.exception("image %d was not painted", image_id)
            result = {"success": False, "code": DeskError.code}
        if result.get("code") != Stale.code:
            await self._settle(image, result)

    async def regenerate(self, draft_id: int, version: int, actor: Actor) -> Draft:
        """Paint the present prompt with a new seed; the earlier picture stays with its version."""
        async with self._store.write() as tx:
            draft = await self._current(
                tx, draft_id, version, DraftState.REVIEW, DraftState.FAILED
            )
            draft = await self._order(
                tx, draft, version=draft.version + 1, seed=secrets.randbelow(2**31)
            )
            return await self._told(tx, draft, actor, "regenerate")

    async def look_again(self, draft_id: int, version: int, actor: Actor) -> Draft:
        """Go on with the picture that did not come in time: it is paid already."""
        async with self._store.write() as tx:
            draft = await self._current(tx, draft_id, version, DraftState.FAILED)
            if not await self._resumable(tx, draft):
                raise Stale(draft=draft)
            draft = await self._move(tx, draft, state=DraftState.PAINTING, failure=None)
            await self._jobs.submit(tx, PAINT, [int(draft.painting_id or 0)])
            return await self._told(tx, draft, actor, "look_again")

    async def keep_previous(self, draft_id: int, version: int, actor: Actor) -> Draft:
        """Give up on a failed picture and go on with the one there was before."""
        async with self._store.write() as tx:
            draft = await self._current(tx, draft_id, version, DraftState.FAILED)
            if draft.image_id is None:
                raise NoPictureYet(draft=draft)
            image = await tx.images.get(draft.image_id)
            draft = await self._move(
                tx,
                draft,
                state=DraftState.REVIEW,
                failure=None,
                painting_id=None,
                prompt=image.prompt,
                version=draft.version + 1,
            )
            return await self._told(tx, draft, actor, "keep_previous")

    async def edit_text(self, draft_id: int, version: int, actor: Actor, text: str) -> Draft:
        """Set the caption; a last line of hashtags replaces the hashtags too.

        Raises `TextTooLong`, `InputRefused`. An edit takes a given approval back.
        """
        caption, typed = take_apart(text)
        async with self._store.write() as tx:
            draft = await self._current(tx, draft_id, version, *_EDITABLE)
            hashtags = draft.hashtags if typed is None else typed
            check_post_text(caption, hashtags)
            draft = await self._edited(
                tx, draft, actor, caption=caption, hashtags=hashtags, caption_edited=True
            )
            return await self._told(tx, draft, actor, "edit_text")

    async def edit_prompt(self, draft_id: int, version: int, actor: Actor, text: str) -> Draft:
        """Set the prompt; nothing is painted, and nothing spent, before `regenerate`."""
        prompt = " ".join(text.split())
        if not prompt:
            raise InputRefused("The prompt is empty.")
        if len(prompt) > PROMPT_LIMIT:
            raise TextTooLong(
                length=len(prompt), limit=PROMPT_LIMIT, over=len(prompt) - PROMPT_LIMIT
            )
        async with self._store.write() as tx:
            draft = await self._current(tx, draft_id, version, *_EDITABLE)
            draft = await self._edited(tx, draft, actor, prompt=prompt, prompt_edited=True)
            return await self._told(tx, draft, actor, "edit_prompt")

    async def change_theme(self, draft_id: int, version: int, actor: Actor) -> Draft:
        """Tell the topic with the next theme: new prompt and texts, nothing painted yet.

        Words that a person wrote stay.
        """
        async with self._store.write() as tx:
            draft = await self._current(
                tx, draft_id, version, DraftState.REVIEW, DraftState.FAILED
            )
            topic = await tx.topics.get(draft.topic_id)
            names = themes()
            following = names[(names.index(draft.theme) + 1) % len(names)]
            composition = composed(
                without_theme_tags(topic.text),
                seed=draft.seed,
                theme=following,
                language=draft.language,
            )
            texts = draft_columns(composition) | {"theme_guessed": False, "prompt_edited": False}
            if draft.caption_edited:
                texts |= {"caption": draft.caption, "hashtags": draft.hashtags}
            draft = await self._edited(tx, draft, actor, **texts)
            return await self._told(tx, draft, actor, "change_theme", theme=following)

    async def discard(self, draft_id: int, version: int, actor: Actor) -> Draft:
        """Put a draft away; it can be restored."""
        async with self._store.write() as tx:
            draft = await self._current(
                tx, draft_id, version, DraftState.REVIEW, DraftState.FAILED
            )
            draft = await self._move(
                tx,
                draft,
                state=DraftState.REJECTED,
                decided_by=actor.name,
                decided_at=self._clock.now(),
            )
            return await self._told(tx, draft, actor, "discard")

    async def restore(self, draft_id: int, version: int, actor: Actor) -> Draft:
        """Take a discarded draft back, to its failure while that picture may still come."""
        async with self._store.write() as tx:
            draft = await self._current(
                tx, draft_id, version, DraftState.REJECTED, DraftState.EXPIRED
            )
            state, failure = DraftState.REVIEW, None
            if draft.state is DraftState.REJECTED and await self._resumable(tx, draft):
                state, failure = DraftState.FAILED, draft.failure or ImageTimeout.code
            draft = await self._move(
                tx, draft, state=state, decided_by=None, decided_at=None, failure=failure
            )
            return await self._told(tx, draft, actor, "restore")

    async def get(self, draft_id: int) -> Draft:
        """The draft as it is now."""
        async with self._store.read() as tx:
            return await tx.drafts.get(draft_id)

    async def show(
        self,
        draft_id: int,
        *,
        afresh: bool = False,
        chat_id: int | None = None,
        thread_id: int | None = None,
    ) -> None:
        """Have the card drawn again, or (afresh) sent anew, to `chat_id` if that is given."""
        place = {} if chat_id is None else {"chat_id": chat_id, "thread_id": thread_id}
        async with self._store.write() as tx:
            draft = await tx.drafts.get(draft_id)
            await self._announcements.say(
                tx,
                AnnouncementKind.CARD,
                brand_id=draft.brand_id,
                draft_id=draft.id,
                afresh=afresh,
                **place,
            )

    async def recover(self) -> None:
        """Pick up every picture that a draft waits for and nobody has in hand."""
        async with self._store.write() as tx:
            orphans = await tx.images.orphaned(now=self._clock.now())
            await self._jobs.submit(tx, PAINT, [image.id for image in orphans])

    async def _order(
        self, tx: Transaction, draft: Draft, *, version: int, seed: int | None = None
    ) -> Draft:
        """Intend a picture of the present prompt and make the draft wait for it."""
        seed = draft.seed if seed is None else seed
        image = await self._studio.intend(
            tx,
            picture_request(draft, seed=seed),
            max_wait_seconds=MAX_WAIT_SECONDS,
            draft_id=draft.id,
        )
        await self._jobs.submit(tx, PAINT, [image.id])
        return await self._move(
            tx,
            draft,
            state=DraftState.PAINTING,
            painting_id=image.id,
            seed=seed,
            version=version,
            failure=None,
        )

    async def _settle(self, image: Image, result: Mapping[str, Any]) -> None:
        """Give the picture, or the reason why there is none, to the draft that waits for it."""
        if image.draft_id is None:
            return
        async with self._store.write() as tx:
            draft = await tx.drafts.get(image.draft_id)
            if draft.painting_id != image.id or draft.state not in _WAITING:
                return
            if result["success"]:
                draft = await self._move(
                    tx,
                    draft,
                    state=DraftState.REVIEW,
                    failure=None,
                    image_id=image.id,
                    painting_id=None,
                )
            else:
                draft = await self._move(
                    tx, draft, state=DraftState.FAILED, failure=result["code"]
                )
            await self._show(tx, draft)

    async def _edited(self, tx: Transaction, draft: Draft, actor: Actor, **changes: Any) -> Draft:
        """Change the content: a new version, and no approval holds any more."""
        state = draft.state
        if state in (DraftState.APPROVED, DraftState.SCHEDULED):
            await self._schedule.withdraw(tx, draft, actor)
            changes |= {"decided_by": None, "decided_at": None}
            state = DraftState.REVIEW
        return await self._move(tx, draft, state=state, version=draft.version + 1, **changes)

    async def _current(
        self, tx: Transaction, draft_id: int, version: int, *states: DraftState
    ) -> Draft:
        draft = await tx.drafts.get(draft_id)
        if draft.version != version or draft.state not in states:
            raise Stale(draft=draft)
        return draft

    async def _resumable(self, tx: Transaction, draft: Draft) -> bool:
        if draft.painting_id is None:
            return False
        image = await tx.images.get(draft.painting_id)
        return image.state in RESUMABLE

    async def _move(self, tx: Transaction, draft: Draft, **changes: Any) -> Draft:
        return await tx.drafts.move(draft, updated_at=self._clock.now(), **changes)

    async def _told(
        self, tx: Transaction, draft: Draft, actor: Actor, action: str, **detail: Any
    ) -> Draft:
        """Log who did it, and have the card shown."""
        await tx.audit(
            brand_id=draft.brand_id,
            actor=actor.name,
            action=action,
            draft_id=draft.id,
            version=draft.version,
            **detail,
        )
        await self._show(tx, draft)
        return draft

    async def _show(self, tx: Transaction, draft: Draft) -> None:
        await self._announcements.say(
            tx, AnnouncementKind.CARD, brand_id=draft.brand_id, draft_id=draft.id
        )
