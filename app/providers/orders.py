"""What orders have in common: limits kept before money is spent, and an unknown price."""

from __future__ import annotations

from collections.abc import Collection

from app.errors import ImageInvalid
from app.orders import Cost, ImageRequest
from app.pictures.sizes import paintable

MEGAPIXEL = 1024 * 1024
PROMPT_MAX = 32_000
FORMATS = ("png", "jpeg", "webp")
#: of vendors that name no price, neither before nor after
UNPRICED = Cost(amount=None, unit="unknown", usd=None, basis="unknown")


def refuse_unusable(
    request: ImageRequest,
    *,
    provider: str,
    references_max: int,
    safety: tuple[int, int] | None,
) -> None:
    """`ImageInvalid` with the sentence of the first limit that is not kept.

    `safety` is the range of safety_tolerance, None where the model has no such field.
    """
    tolerance = request.safety_tolerance
    low, high = safety or (0, 0)
    problems = (
        (not request.prompt.strip(), "the prompt is empty"),
        (len(request.prompt) > PROMPT_MAX, f"the prompt is over {PROMPT_MAX} characters"),
        (min(request.width, request.height) < 1, "a picture has at least one pixel a side"),
        (request.output_format not in FORMATS, "the format is none of png, jpeg, webp"),
        (
            safety is not None and tolerance is not None and not low <= tolerance <= high,
            f"safety_tolerance goes from {low} to {high}",
        ),
        (
            len(request.references) > references_max,
            f"this model takes at most {references_max} reference pictures",
        ),
    )
    for wrong, sentence in problems:
        if wrong:
            raise ImageInvalid(sentence, provider=provider)


def on_grid(
    request: ImageRequest, *, provider: str, step: int, min_side: int, max_side: int
) -> tuple[int, int]:
    """The size to be painted by a model that takes pixels, or `ImageInvalid`."""
    size = paintable(
        request.width,
        request.height,
        step=step,
        min_side=min_side,
        max_side=max_side,
        max_pixels=max_side * max_side,
    )
    if size is None:
        asked = f"{request.width} x {request.height}"
        raise ImageInvalid(f"{asked} is over this model's {max_side} a side", provider=provider)
    return size


def dropped(
    request: ImageRequest, *, formats: Collection[str], safety: bool, upsampling: bool
) -> tuple[str, ...]:
    """Warnings for what was asked and cannot be passed on to this model."""
    found = []
    if formats and request.output_format not in formats:
        found.append(f"painted as png and converted to {request.output_format}")
    if request.safety_tolerance is not None and not safety:
        found.append("this model has no safety tolerance")
    if request.prompt_upsampling is not None and not upsampling:
        found.append("this model has no prompt upsampling")
    return tuple(found)
