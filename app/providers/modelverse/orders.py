"""ModelVerse's models and the order to each: what is refused, painted and sent."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import ImageInvalid
from app.orders import ImageRequest, Quote
from app.pictures.sizes import of_area, ratio
from app.providers.orders import MEGAPIXEL, UNPRICED, dropped, on_grid, refuse_unusable

NAME = "modelverse"
FORMATS = ("png", "jpeg")


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One endpoint's rules."""

    references: tuple[str, ...]
    safety: tuple[int, int] = (0, 6)
    upsampling: bool = True
    step: int = 32
    min_side: int = 256
    max_side: int = 1440
    #: pixels of a model that takes a proportion instead of a size
    area: int | None = None


def _images(count: int) -> tuple[str, ...]:
    return ("input_image", *(f"input_image_{n}" for n in range(2, count + 1)))


#: seed 002 types safety_tolerance as text from 1 to 6 with 0 as the strictest; BFL's own range
#: of FLUX.2, 0 to 5, is the part both agree on
MODELS: Mapping[str, Model] = {
    "flux-2-pro": Model(
        references=_images(8), safety=(0, 5), upsampling=False, min_side=64, max_side=2048
    ),
    "flux-pro-1.1": Model(references=("image_prompt",)),
    "flux-kontext-pro": Model(references=_images(4), area=MEGAPIXEL),
}


def rules_of(model: str) -> Model:
    """The rules of a model, or `ImageInvalid` with the names there are."""
    if model not in MODELS:
        known = ", ".join(MODELS)
        raise ImageInvalid(f"ModelVerse has no model {model!r}; it has {known}", provider=NAME)
    return MODELS[model]


def quote(request: ImageRequest, rules: Model) -> Quote:
    """The size to be painted, at a price nobody tells; or `ImageInvalid`."""
    refuse_unusable(
        request, provider=NAME, references_max=len(rules.references), safety=rules.safety
    )
    for picture in request.references:
        _base64(picture)
    width, height = _painted(request, rules)
    warnings = dropped(request, formats=FORMATS, safety=True, upsampling=rules.upsampling)
    if width < request.width or height < request.height:
        warnings += (f"painted at about {width} x {height} and enlarged",)
    return Quote(width=width, height=height, cost=UNPRICED, warnings=warnings)


def _painted(request: ImageRequest, rules: Model) -> tuple[int, int]:
    if rules.area is None:
        return on_grid(
            request,
            provider=NAME,
            step=rules.step,
            min_side=rules.min_side,
            max_side=rules.max_side,
        )
    sides = sorted((request.width, request.height))
    if max(sides) > rules.max_side or 9 * sides[1] > 21 * sides[0]:
        limits = f"sides go to {rules.max_side} pixels and proportions from 21:9 to 9:21"
        raise ImageInvalid(limits, provider=NAME)
    return of_area(request.width, request.height, rules.area)


def order(request: ImageRequest, rules: Model, quoted: Quote) -> dict[str, Any]:
    """The request body: BFL's fields, but never its webhook's."""
    known = request.output_format in FORMATS
    body: dict[str, Any] = {
        "prompt": request.prompt,
        "output_format": request.output_format if known else "png",
    }
    if rules.area is None:
        body |= {"width": quoted.width, "height": quoted.height}
    else:
        body["aspect_ratio"] = "{}:{}".format(*ratio(request.width, request.height))
    if request.seed is not None:
        body["seed"] = request.seed
    if request.safety_tolerance is not None:
        body["safety_tolerance"] = request.safety_tolerance
    if request.prompt_upsampling is not None and rules.upsampling:
        body["prompt_upsampling"] = request.prompt_upsampling
    pairs = zip(rules.references, request.references, strict=False)
    return body | {field: _base64(picture) for field, picture in pairs}


def _base64(picture: str | bytes) -> str:
    """Reference pictures go as base64 only (MV-docs); a data URL is unpacked, a link refused."""
    if isinstance(picture, bytes):
        return base64.b64encode(picture).decode("ascii")
    head, _, text = picture.partition(";base64,")
    if not head.startswith("data:image/") or not text:
        raise ImageInvalid("ModelVerse takes reference pictures as data only", provider=NAME)
    return text
