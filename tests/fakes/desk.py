"""The real services over a file, with a clock, jobs and destination that obey the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from pydantic import SecretStr

from app.announcements import AnnouncementService
from app.container import Parts, assemble
from app.destinations import DestinationService
from app.drafts import DraftService
from app.images import Studio
from app.members import MemberService
from app.models import (
    Actor,
    AnnouncementKind,
    Brand,
    Delivery,
    Destination,
    Draft,
    DraftState,
    Image,
)
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.net.pacing import ChatPace
from app.pictures.facts import FittedPicture
from app.pictures.fit import fit_picture
from app.pictures.worker import PictureWorker
from app.ports import ImageProvider
from app.providers.bfl import BflProvider
from app.publishing import CALL_SECONDS, PublishService
from app.scheduling import ScheduleService
from app.settings import Settings
from app.storage.database import Database
from app.views import ViewService
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import HandJobs
from tests.fakes.publisher import FakePublisher
from tests.fakes.vendor import KEY, Vendor, serving, vendor_app
from tests.fakes.vendor_bfl import bfl_routes

ADA = Actor(id=7, name="Ada")
TOPIC = "LoRaWAN soil moisture sensor for a greenhouse #iot"
CHANNEL = "-1001000000001"


#: the vendor's gradient is the same for every draft, so it is fitted once
_fitted = cache(fit_picture)


class HereWorker(PictureWorker):
    """Fits pictures in this process: the same code, without the child's half second."""

    async def fit(
        self, data: bytes, *, width: int, height: int, output_format: str
    ) -> FittedPicture:
        """As the child does it."""
        return _fitted(data, width=width, height=height, output_format=output_format)


@dataclass(kw_only=True)
class Desk:
    """Everything open, and short words for what tests say often."""

    folder: Path
    clock: FakeClock
    jobs: HandJobs
    store: Database
    publisher: FakePublisher
    studio: Studio
    announcements: AnnouncementService
    members: MemberService
    destinations: DestinationService
    schedule: ScheduleService
    drafts: DraftService
    views: ViewService
    publishing: PublishService
    brand: Brand

    async def create(
        self, text: str = TOPIC, *, source_key: str = "update-1", paint: bool = True
    ) -> Draft:
        """A draft of Ada's, painting if it may."""
        return await self.drafts.create(
            text,
            brand=self.brand,
            author=ADA,
            chat_id=7,
            thread_id=None,
            source_key=source_key,
            paint=paint,
        )

    async def review(self, text: str = TOPIC, *, source_key: str = "update-1") -> Draft:
        """A draft with its picture."""
        draft = await self.create(text, source_key=source_key)
        await self.jobs.run_all()
        draft = await self.drafts.get(draft.id)
        assert draft.state is DraftState.REVIEW, draft.failure
        return draft

    async def channel(self, address: str = CHANNEL, title: str = "Channel") -> Destination:
        """A connected channel."""
        return await self.destinations.connect(
            brand_id=self.brand.id,
            kind="telegram",
            address=address,
            title=title,
            username="greenhouse",
            added_by=ADA.id,
        )

    async def scheduled(
        self, after: timedelta = timedelta(hours=1), *, source_key: str = "update-1"
    ) -> tuple[Draft, Delivery]:
        """An approved draft that is due later, and its one delivery."""
        draft = await self.review(source_key=source_key)
        await self.channel()
        when = self.clock.now() + after
        draft = await self.schedule.approve(draft.id, draft.version, ADA, when=when)
        return draft, await self.delivery(draft)

    async def dispatched(self) -> Delivery:
        """A delivery that is due and claimed, with its job queued."""
        _, delivery = await self.scheduled()
        self.clock.advance(timedelta(hours=1))
        await self.schedule.dispatch_due()
        async with self.store.read() as tx:
            return await tx.deliveries.get(delivery.id)

    async def delivery(self, draft: Draft) -> Delivery:
        """The one delivery of a draft's latest post."""
        _, deliveries = await self.schedule.plan_of(draft.id)
        (one,) = deliveries
        return one

    async def image(self, image_id: int | None) -> Image:
        """An image row."""
        async with self.store.read() as tx:
            return await tx.images.get(image_id or 0)

    async def said(self) -> list[AnnouncementKind]:
        """What was announced and is not a card, oldest first."""
        words = await self.announcements.unseen(limit=1000)
        return [one.kind for one in words if one.kind is not AnnouncementKind.CARD]

    async def recover(self) -> None:
        """What a program does when it starts, and then every few seconds."""
        async with self.store.write() as tx:
            await tx.images.release(owner_prefix="run:")
            await tx.deliveries.release(owner_prefix="run:")
        await self.publishing.recover()
        await self.drafts.recover()
        await self.schedule.dispatch_due()


@asynccontextmanager
async def open_desk(
    folder: Path,
    *,
    providers: Mapping[str, ImageProvider],
    net: NetClient,
    clock: FakeClock | None = None,
    publisher: FakePublisher | None = None,
    order: Sequence[str] = ("bfl",),
    owner: str = "run:test",
    call_seconds: float = CALL_SECONDS,
) -> AsyncIterator[Desk]:
    """The services as the container wires them, over the migrated file in `folder`."""
    clock, jobs, publisher = clock or FakeClock(), HandJobs(), publisher or FakePublisher()
    store = Database(f"sqlite+aiosqlite:///{folder / 'bot.db'}")
    usable = tuple(name for name in order if name in providers)
    settings = Settings.model_construct(outputs_dir=folder, image_providers=usable)
    services = assemble(
        Parts(
            settings=settings,
            store=store,
            clock=clock,
            jobs=jobs,
            pace=ChatPace(now=clock.monotonic, sleep=clock.sleep),
            worker=HereWorker(),
            fetch=partial(safe_fetch, net),
            providers=providers,
            publishers={publisher.kind: publisher},
            owner=owner,
            call_seconds=call_seconds,
        )
    )
    try:
        yield Desk(
            folder=folder,
            clock=clock,
            jobs=jobs,
            store=store,
            publisher=publisher,
            studio=services.studio,
            announcements=services.announcements,
            members=services.members,
            destinations=services.destinations,
            schedule=services.schedule,
            drafts=services.drafts,
            views=services.views,
            publishing=services.publishing,
            brand=await services.members.brand(),
        )
    finally:
        await store.close()


@asynccontextmanager
async def bfl_on(
    vendor: Vendor, net: NetClient, *, kind: type[BflProvider] = BflProvider
) -> AsyncIterator[BflProvider]:
    """The real provider against that vendor."""
    async with serving(vendor_app(vendor, bfl_routes(vendor))) as url:
        yield kind(net, key=SecretStr(KEY), base_url=url, submit_seconds=0.2, ask_seconds=0.2)
