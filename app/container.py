"""COMPOSITION ROOT: the one place that knows which adapter serves which port."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from app.announcements import AnnouncementService
from app.destinations import DestinationService
from app.drafts import DraftService
from app.errors import SettingsInvalid
from app.images import Studio
from app.members import MemberService
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.net.pacing import ChatPace
from app.painting import Fetch
from app.pictures.gallery import Gallery
from app.pictures.worker import PictureWorker
from app.ports import Clock, ImageProvider, Jobs, Publisher, Store
from app.providers import PROVIDERS
from app.providers.offline import OfflineProvider
from app.publishers.telegram import TelegramPublisher
from app.publishing import CALL_SECONDS, PublishService
from app.scheduling import ScheduleService
from app.settings import Settings
from app.slots import DEFAULT_GRID, format_grid
from app.storage.database import Database
from app.storage.schema import migrate
from app.views import ViewService
from app.work.clock import SystemClock
from app.work.embedded import EmbeddedJobs


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """Everything open, for the programs and the interface."""

    settings: Settings
    store: Store
    clock: Clock
    pace: ChatPace
    pictures: PictureWorker
    jobs: Jobs
    studio: Studio
    announcements: AnnouncementService
    members: MemberService
    destinations: DestinationService
    schedule: ScheduleService
    drafts: DraftService
    views: ViewService
    publishing: PublishService


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The adapters that services stand on; tests bring some of their own."""

    settings: Settings
    store: Store
    clock: Clock
    jobs: Jobs
    pace: ChatPace
    worker: PictureWorker
    fetch: Fetch
    providers: Mapping[str, ImageProvider]
    publishers: Mapping[str, Publisher]
    owner: str
    call_seconds: float = CALL_SECONDS


@asynccontextmanager
async def open_services(
    settings: Settings, *, owner: str, preview_seconds: float = 0.0, clock: Clock | None = None
) -> AsyncIterator[Services]:
    """Open the database (migrated), the HTTP client and the services over them; close them after.

    `owner` begins the name of this process's leases: "run" for the bot, "script" for a caller.
    `preview_seconds` makes the preview painter take as long as a vendor seems to; `clock` is the
    system's unless somebody brings another.
    """
    settings.outputs_dir.mkdir(parents=True, exist_ok=True)
    _make_folder(settings.database_url)
    database, net, worker = Database(settings.database_url), NetClient(), PictureWorker()
    clock = clock or SystemClock()
    pace = ChatPace(now=clock.monotonic, sleep=clock.sleep)
    try:
        await migrate(database)
        yield assemble(
            Parts(
                settings=settings,
                store=database,
                clock=clock,
                jobs=EmbeddedJobs(),
                pace=pace,
                worker=worker,
                fetch=partial(safe_fetch, net),
                providers=_providers(settings, net, worker, preview_seconds),
                publishers=_publishers(settings, net, pace),
                owner=f"{owner}:{secrets.token_hex(4)}",
            )
        )
    finally:
        await worker.aclose()
        await net.aclose()
        await database.close()


def assemble(parts: Parts) -> Services:
    """The services over these adapters; nothing is opened or started."""
    settings, store, clock, jobs = parts.settings, parts.store, parts.clock, parts.jobs
    announcements = AnnouncementService(store=store, clock=clock)
    studio = _studio(parts)
    schedule = ScheduleService(
        store=store,
        clock=clock,
        jobs=jobs,
        announcements=announcements,
        max_lateness=timedelta(minutes=settings.post_max_lateness_minutes),
    )
    return Services(
        settings=settings,
        store=store,
        clock=clock,
        pace=parts.pace,
        pictures=parts.worker,
        jobs=jobs,
        studio=studio,
        announcements=announcements,
        members=MemberService(
            store=store,
            clock=clock,
            zone=settings.timezone,
            language=settings.language,
            grid=format_grid(DEFAULT_GRID),
        ),
        destinations=DestinationService(store=store, clock=clock, announcements=announcements),
        schedule=schedule,
        drafts=DraftService(
            store=store,
            clock=clock,
            jobs=jobs,
            studio=studio,
            schedule=schedule,
            announcements=announcements,
        ),
        views=ViewService(store=store, studio=studio),
        publishing=PublishService(
            store=store,
            clock=clock,
            jobs=jobs,
            schedule=schedule,
            announcements=announcements,
            publishers=parts.publishers,
            picture_path=studio.path,
            owner=parts.owner,
            call_seconds=parts.call_seconds,
        ),
    )


def _studio(parts: Parts) -> Studio:
    folder = parts.settings.outputs_dir
    return Studio(
        store=parts.store,
        clock=parts.clock,
        providers=parts.providers,
        order=_order(parts.settings, parts.providers),
        model=parts.settings.image_model,
        fetch=parts.fetch,
        pictures=Gallery(parts.worker, folder=folder, clock=parts.clock),
        folder=folder,
        owner=parts.owner,
    )


def _providers(
    settings: Settings, net: NetClient, worker: PictureWorker, preview_seconds: float
) -> Mapping[str, ImageProvider]:
    """Every provider whose key is set, and the offline painter."""
    made = ((name, build(settings, net, worker)) for name, build in PROVIDERS)
    providers = {name: provider for name, provider in made if provider is not None}
    if preview_seconds:
        providers[OfflineProvider.name] = OfflineProvider(worker, delay=preview_seconds)
    return providers


def _order(settings: Settings, providers: Mapping[str, ImageProvider]) -> tuple[str, ...]:
    known = [name for name, _build in PROVIDERS]
    for name in settings.image_providers:
        if name not in known:
            raise SettingsInvalid(f"IMAGE_PROVIDERS: {name} is none of {', '.join(known)}.")
        if name not in providers:
            raise SettingsInvalid(f"IMAGE_PROVIDERS names {name}, but its key is not set.")
    return settings.image_providers or tuple(providers)


def _publishers(settings: Settings, net: NetClient, pace: ChatPace) -> Mapping[str, Publisher]:
    token = settings.telegram_bot_token
    if token is None:
        return {}
    base_url = settings.telegram_api_base_url
    telegram = TelegramPublisher(net, token=token, base_url=base_url, pace=pace)
    return {telegram.kind: telegram}


def _make_folder(database_url: str) -> None:
    """SQLite makes its file, not the folder."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
