"""What is shown of drafts, gathered from the rows: nothing of it is stored twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.errors import ImageError
from app.images import Studio
from app.models import Draft, DraftState, Image
from app.orders import Cost, ImageRequest
from app.outcomes import recorded_error
from app.painting import FINISHED, RESUMABLE
from app.ports import Store

SIDE = 1024
#: no provider would paint it, so nobody knows its price
UNPRICED = Cost(amount=None, unit="", usd=None, basis="unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftView:
    """A draft with what a card tells of it."""

    draft: Draft
    topic: str
    image: Image | None
    painting: Image | None
    price: Cost
    spent: tuple[Cost, ...] = field(default=())

    @property
    def picture_is_current(self) -> bool:
        """Whether the picture shows the present prompt."""
        return self.image is not None and self.image.prompt == self.draft.prompt

    @property
    def can_look_again(self) -> bool:
        """Whether the picture that failed to come can still come without being ordered again."""
        return self.painting is not None and self.painting.state in RESUMABLE


class ViewService:
    """Reads drafts for those who show them."""

    def __init__(self, *, store: Store, studio: Studio) -> None:
        """`studio` knows the prices."""
        self._store = store
        self._studio = studio

    async def recent(self, brand_id: int, *, limit: int) -> list[Draft]:
        """The newest drafts that are neither posted nor put away."""
        alive = [s for s in DraftState if s not in (DraftState.PUBLISHED, DraftState.REJECTED)]
        async with self._store.read() as tx:
            return await tx.drafts.find(
                brand_id=brand_id, state=alive, order="-number", limit=limit
            )

    async def of(self, draft_id: int) -> DraftView:
        """What a card shows."""
        async with self._store.read() as tx:
            draft = await tx.drafts.get(draft_id)
            images = {image.id: image for image in await tx.images.find(draft_id=draft_id)}
            topic = await tx.topics.get(draft.topic_id)
        return DraftView(
            draft=draft,
            topic=topic.text,
            image=images.get(draft.image_id or 0),
            painting=images.get(draft.painting_id or 0),
            price=self._price(draft),
            spent=tuple(_cost(i) for i in images.values() if _may_have_cost(i)),
        )

    def _price(self, draft: Draft) -> Cost:
        try:
            return self._studio.plan(picture_request(draft)).quote.cost
        except ImageError:
            return UNPRICED


def picture_request(draft: Draft, *, seed: int | None = None) -> ImageRequest:
    """What is ordered for a draft."""
    return ImageRequest(
        prompt=draft.prompt, width=SIDE, height=SIDE, output_format="jpeg", seed=seed
    )


def _may_have_cost(image: Image) -> bool:
    """Ordered and not known to be free: an end that may be billed is money spent."""
    if image.state in RESUMABLE:
        return True
    return image.state in FINISHED and recorded_error(image).maybe_billed


def _cost(image: Image) -> Cost:
    return Cost(
        amount=image.cost_amount,
        unit=image.cost_unit,
        usd=image.cost_usd,
        basis=image.cost_basis,
    )
