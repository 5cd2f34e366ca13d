"""Messages of their own: what went out, what failed, what must be looked at, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from zoneinfo import ZoneInfo

from app.container import Services
from app.models import Announcement, AnnouncementKind
from bot.cards import reason_text
from bot.desk import texts_for
from bot.texts import Texts, load

Notice = tuple[int, int | None, str]

_ABOUT_DRAFTS = frozenset(
    {
        AnnouncementKind.PUBLISHED,
        AnnouncementKind.FAILED,
        AnnouncementKind.UNKNOWN,
        AnnouncementKind.MISSED,
    }
)


async def notice_texts(services: Services, announcement: Announcement) -> list[Notice]:
    """Chat, thread and HTML text of every message this announcement asks for."""
    if announcement.kind in _ABOUT_DRAFTS and announcement.draft_id is not None:
        return await _about_draft(services, announcement)
    owners = await services.members.owners()
    notices: list[Notice] = []
    for owner in owners:
        texts = load(owner.language or services.settings.language)
        notices.append((owner.user_id, None, _about_desk(services, announcement, texts)))
    return notices


async def _about_draft(services: Services, announcement: Announcement) -> list[Notice]:
    draft = await services.drafts.get(announcement.draft_id or 0)
    texts = await texts_for(services, draft)
    zone = ZoneInfo((await services.members.brand()).zone)
    async with services.store.read() as tx:
        delivery = await tx.deliveries.get(int(announcement.detail["delivery_id"]))
        destination = await tx.destinations.get(delivery.destination_id)
    text = texts(
        f"notice.{announcement.kind}",
        number=draft.number,
        title=escape(destination.title),
        reason=reason_text(texts, announcement.detail.get("reason")),
        when=texts.day_and_time(delivery.due, zone, now=services.clock.now()),
    )
    if delivery.remote_url and announcement.kind is AnnouncementKind.PUBLISHED:
        text += f"\n{delivery.remote_url}"
    return [(draft.chat_id, draft.thread_id, text)]


def _about_desk(services: Services, announcement: Announcement, texts: Texts) -> str:
    write: Callable[..., str] = {
        AnnouncementKind.DESTINATION_CONNECTED: _connected,
        AnnouncementKind.DESTINATION_BROKEN: _broken,
        AnnouncementKind.QUARANTINED: _quarantined,
    }[announcement.kind]
    return write(services, announcement, texts)


def _connected(_services: Services, announcement: Announcement, texts: Texts) -> str:
    return texts("notice.connected", title=escape(announcement.detail["title"]))


def _broken(_services: Services, announcement: Announcement, texts: Texts) -> str:
    return texts(
        "notice.broken",
        title=escape(announcement.detail["title"]),
        problem=reason_text(texts, announcement.detail["problem"]),
    )


def _quarantined(services: Services, announcement: Announcement, texts: Texts) -> str:
    zone = ZoneInfo(services.settings.timezone)
    return texts(
        "notice.quarantined",
        when=texts.day_and_time(announcement.created_at, zone, now=services.clock.now()),
        update_id=announcement.detail["update_id"],
    )
