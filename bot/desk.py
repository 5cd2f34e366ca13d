"""Gathers what a card is derived from, and draws it in the language of its reader."""

from __future__ import annotations

from pathlib import Path

from app.container import Services
from app.models import Draft, Image
from bot.cards import CardFacts, CardPainter, Picture
from bot.texts import Texts, load

PLACEHOLDER = Picture(key="placeholder", path=None, file_id=None, image_id=None)


async def card_facts(services: Services, draft_id: int) -> CardFacts:
    """What is true of a draft now."""
    view = await services.views.of(draft_id)
    brand = await services.members.brand()
    post, deliveries = await services.schedule.plan_of(draft_id)
    return CardFacts(
        view=view,
        brand=brand,
        post=post,
        deliveries=deliveries,
        destinations=await services.destinations.all(brand.id),
        next_free=await services.schedule.next_free(brand),
        now=services.clock.now(),
    )


async def card_painter(services: Services, draft_id: int, texts: Texts) -> CardPainter:
    """The painter of a draft's card."""
    return CardPainter(await card_facts(services, draft_id), texts)


async def texts_for(services: Services, draft: Draft) -> Texts:
    """The language of the person whose draft it is."""
    author = await services.members.find(draft.author_id)
    language = author.language if author else None
    return load(language or services.settings.language)


def picture_of(services: Services, image: Image | None) -> Picture:
    """The picture a card shows: the draft's own, or the placeholder."""
    if image is None or image.path is None:
        return PLACEHOLDER
    path: Path = services.studio.path(image)
    return Picture(key=f"image-{image.id}", path=path, file_id=image.file_id, image_id=image.id)
