"""The studio: who paints what for how much, and which process has a picture in hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from app.errors import ImageError, ImageInvalid, Stale, StorageError
from app.models import Image, ImageState
from app.orders import ImageRequest, Quote
from app.outcomes import cost_columns, recorded_error
from app.painting import (
    FINISHED,
    RESUMABLE,
    Fetch,
    Painting,
    Pictures,
    Progress,
)
from app.ports import Balance, Clock, ImageProvider, Store
from app.transactions import Transaction

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
#: a resumed job gets at least this long, however late the restart was
RESUME_TIME = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Who would paint a request, with which model, for how much."""

    provider: ImageProvider
    model: str
    quote: Quote


class Studio:
    """Makes pictures through providers and never loses one that was paid."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        providers: Mapping[str, ImageProvider],
        order: Sequence[str],
        model: str | None,
        fetch: Fetch,
        pictures: Pictures,
        folder: Path,
        owner: str,
    ) -> None:
        """`order` names the preferred providers first; `owner` marks this process's leases."""
        self.store = store
        self.clock = clock
        self._providers = providers
        self._order = order
        self._model = model
        self._fetch = fetch
        self._pictures = pictures
        self._folder = folder
        self._owner = owner
        self._in_hand: set[int] = set()

    def plan(self, request: ImageRequest, *, provider: str | None = None) -> Plan:
        """The provider that takes this request and its price; `ImageInvalid` when none can."""
        name = provider or self._order[0]
        if name not in self._providers:
            known = ", ".join(self._providers)
            raise ImageInvalid(f"There is no provider {name!r} (known: {known}).", provider=name)
        chosen = self._providers[name]
        model = request.model or self._usual_model(chosen)
        quote = chosen.validate(replace(request, model=model))
        return Plan(provider=chosen, model=model, quote=quote)

    def _usual_model(self, provider: ImageProvider) -> str:
        """The configured model where this provider has it."""
        if self._model is None:
            return provider.default_model
        try:
            provider.capabilities(self._model)
        except ImageInvalid:
            return provider.default_model
        return self._model

    @property
    def is_preview(self) -> bool:
        """Whether pictures are drawn here because no vendor's key is set."""
        return self._order[0] == "offline"

    async def credits(self) -> Balance | None:
        """What is left at the preferred provider."""
        return await self._providers[self._order[0]].credits()

    def path(self, image: Image) -> Path:
        """Where a stored image lies."""
        return self._folder / str(image.path)

    async def intend(
        self,
        tx: Transaction,
        request: ImageRequest,
        *,
        max_wait_seconds: float,
        draft_id: int | None = None,
        provider: str | None = None,
    ) -> Image:
        """Write down that this picture will be ordered, in the caller's transaction."""
        plan = self.plan(request, provider=provider)
        now = self.clock.now()
        return await tx.images.add(
            draft_id=draft_id,
            state=ImageState.INTENDED,
            provider=plan.provider.name,
            model=plan.model,
            prompt=request.prompt,
            width=request.width,
            height=request.height,
            output_format=request.output_format,
            seed=request.seed,
            deadline_at=now + timedelta(seconds=max_wait_seconds),
            fence=0,
            created_at=now,
            updated_at=now,
            **cost_columns(plan.quote.cost),
        )

    async def finish(self, image_id: int, *, on_progress: Progress | None = None) -> Image:
        """Bring a picture to its end from wherever it stands; the stored row.

        Raises `ImageError` (the row tells the same), `StorageError`, or `Stale` when another
        process has it in hand.
        """
        image = await self._take(image_id)
        if image.state is ImageState.STORED:
            return image
        if image.state in FINISHED:
            raise recorded_error(image)
        async with self._held(image):
            try:
                return await self._painting(image, on_progress).to_the_end()
            except ImageError as error:
                error.provider = error.provider or image.provider
                raise

    def _painting(self, image: Image, on_progress: Progress | None) -> Painting:
        return Painting(
            image,
            store=self.store,
            clock=self.clock,
            provider=self._providers.get(image.provider),
            fetch=self._fetch,
            pictures=self._pictures,
            on_progress=on_progress,
        )

    async def _take(self, image_id: int) -> Image:
        now = self.clock.now()
        async with self.store.write() as tx:
            image = await tx.images.get(image_id)
            if image.state in FINISHED:
                return image
            # A clock that jumps ends a lease, and not the work of this process.
            if image.id in self._in_hand:
                raise Stale("This process has this picture in hand.")
            if image.lease_until is not None and image.lease_until > now:
                raise Stale("Another process has this picture in hand.")
            resumed = image.state in RESUMABLE
            return await tx.images.move(
                image,
                fence=image.fence + 1,
                owner=self._owner,
                lease_until=now + LEASE,
                deadline_at=max(image.deadline_at, now + RESUME_TIME)
                if resumed
                else image.deadline_at,
            )

    @asynccontextmanager
    async def _held(self, image: Image) -> AsyncIterator[None]:
        """Renew the lease while the work goes on; give it back at the end, whatever the end is."""
        self._in_hand.add(image.id)
        beat = asyncio.create_task(self._beat(image))
        try:
            yield
        finally:
            self._in_hand.discard(image.id)
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
            await asyncio.shield(self._lease(image, None))

    async def _beat(self, image: Image) -> None:
        while True:
            await self.clock.sleep(LEASE.total_seconds() / 3)
            await self._lease(image, self.clock.now() + LEASE)

    async def _lease(self, image: Image, until: datetime | None) -> None:
        """Set the end of the lease; a database that is busy just now breaks no work off."""
        try:
            async with self.store.write() as tx:
                current = await tx.images.get(image.id)
                if current.fence == image.fence:
                    await tx.images.move(current, lease_until=until)
        except StorageError as error:
            log.warning("the lease of image %d was not written: %s", image.id, error)
