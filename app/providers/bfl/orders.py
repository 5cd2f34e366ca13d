"""A request turned into BFL's order: what is refused, painted, sent, and what it should cost."""

from __future__ import annotations

import base64
from typing import Any

from app.errors import ImageInvalid
from app.orders import Cost, ImageRequest, Quote
from app.pictures.sizes import of_area, paintable, ratio
from app.providers.bfl.models import MEGAPIXEL, PROMPT_MAX, Model

UNIT = "bfl_credit"
#: docs.bfl.ai pricing.md: 1 credit is one US cent
CREDIT_USD = 0.01


def quote(request: ImageRequest, model: Model) -> Quote:
    """The size to be painted and an estimate of its price in credits, or `ImageInvalid`."""
    _refuse_unusable(request, model)
    width, height = _painted(request, model)
    credits = _estimate(model, width, height, len(request.references))
    return Quote(
        width=width,
        height=height,
        cost=cost(credits, "estimated"),
        warnings=_warnings(request, model, width, height),
    )


def _refuse_unusable(request: ImageRequest, model: Model) -> None:
    tolerance = request.safety_tolerance
    problems = (
        (not request.prompt.strip(), "the prompt is empty"),
        (len(request.prompt) > PROMPT_MAX, f"the prompt is over {PROMPT_MAX} characters"),
        (
            request.output_format not in ("png", "jpeg", "webp"),
            "the format is none of png, jpeg, webp",
        ),
        (
            tolerance is not None and not 0 <= tolerance <= model.safety_max,
            f"safety_tolerance goes from 0 to {model.safety_max}",
        ),
        (
            len(request.references) > len(model.references),
            f"this model takes at most {len(model.references)} reference pictures",
        ),
    )
    for wrong, sentence in problems:
        if wrong:
            raise ImageInvalid(sentence, provider="bfl")


def _painted(request: ImageRequest, model: Model) -> tuple[int, int]:
    if model.area is not None:
        if not _within_ratio(request.width, request.height):
            raise ImageInvalid("the proportion must lie in 21:9 to 9:21", provider="bfl")
        return of_area(request.width, request.height, model.area)
    size = paintable(
        request.width,
        request.height,
        step=model.step,
        min_side=model.min_side,
        max_side=model.max_side,
        max_pixels=model.max_pixels,
    )
    if size is None:
        asked = f"{request.width} x {request.height}"
        limit = f"{model.max_side} a side and {model.max_pixels} pixels"
        raise ImageInvalid(f"{asked} is outside of this model's {limit}", provider="bfl")
    return size


def _within_ratio(width: int, height: int) -> bool:
    return width > 0 and height > 0 and 9 * max(width, height) <= 21 * min(width, height)


def _warnings(request: ImageRequest, model: Model, width: int, height: int) -> tuple[str, ...]:
    found = []
    if width < request.width or height < request.height:
        found.append(f"painted at about {width} x {height} and enlarged")
    if request.output_format not in model.formats:
        found.append(f"painted as png and converted to {request.output_format}")
    if request.prompt_upsampling is not None and model.upsampling is None:
        found.append("this model has no prompt upsampling")
    return tuple(found)


def order(request: ImageRequest, model: Model, quoted: Quote) -> dict[str, Any]:
    """The request body; `output_format` always, because the vendor's default is jpeg."""
    known = request.output_format in model.formats
    body: dict[str, Any] = {
        "prompt": request.prompt,
        "output_format": request.output_format if known else "png",
    }
    if model.area is None:
        body |= {"width": quoted.width, "height": quoted.height}
    else:
        body["aspect_ratio"] = "{}:{}".format(*ratio(request.width, request.height))
    if request.seed is not None:
        body["seed"] = request.seed
    if request.safety_tolerance is not None:
        body["safety_tolerance"] = request.safety_tolerance
    if request.prompt_upsampling is not None and model.upsampling is not None:
        inverse = model.upsampling == "disable_pup"
        body[model.upsampling] = request.prompt_upsampling != inverse
    pairs = zip(model.references, request.references, strict=False)
    return body | {field: _reference(picture) for field, picture in pairs}


def _reference(picture: str | bytes) -> str:
    return picture if isinstance(picture, str) else base64.b64encode(picture).decode("ascii")


def _estimate(model: Model, width: int, height: int, references: int) -> float:
    """Credits by the vendor's formula; a reference counts as one megapixel."""
    more = max(0.0, width * height / MEGAPIXEL - 1.0) if model.area is None else 0.0
    return round(model.first + (more + references) * model.extra, 2)


def cost(credits: float, basis: str) -> Cost:
    """Credits as money."""
    return Cost(amount=credits, unit=UNIT, usd=round(credits * CREDIT_USD, 4), basis=basis)
