"""What each of BFL's models costs and takes: the vendor's openapi.json and pricing.md as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import ImageInvalid

MEGAPIXEL = 1024 * 1024
PROMPT_MAX = 32_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One endpoint: price in credits for the first and each further megapixel, and its rules."""

    first: float
    extra: float = 0.0
    step: int = 16
    min_side: int = 64
    max_side: int = 2048
    max_pixels: int = 4 * MEGAPIXEL
    #: pixels of a model that takes a proportion instead of a size
    area: int | None = None
    references: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("jpeg", "png", "webp")
    safety_max: int = 5
    upsampling: str | None = "disable_pup"
    concurrency: int = 24


def _images(count: int) -> tuple[str, ...]:
    return ("input_image", *(f"input_image_{n}" for n in range(2, count + 1)))


def _flux1(
    first: float, *, references: tuple[str, ...] = ("image_prompt",), **rules: Any
) -> Model:
    defaults: dict[str, Any] = {
        "step": 32,
        "min_side": 256,
        "max_side": 1440,
        "max_pixels": 1440 * 1440,
        "formats": ("jpeg", "png"),
        "safety_max": 6,
        "upsampling": "prompt_upsampling",
    }
    return Model(first=first, references=references, **{**defaults, **rules})


_KONTEXT: dict[str, Any] = {"references": _images(4), "area": MEGAPIXEL}

MODELS: Mapping[str, Model] = {
    "flux-2-pro": Model(first=3, extra=1.5, references=_images(8)),
    "flux-2-pro-preview": Model(first=3, extra=1.5, references=_images(8)),
    "flux-2-max": Model(first=7, extra=3, references=_images(8)),
    "flux-2-flex": Model(first=5, extra=5, references=_images(8), upsampling="prompt_upsampling"),
    "flux-2-klein-4b": Model(first=1.4, extra=0.1, references=_images(4), upsampling=None),
    "flux-2-klein-9b": Model(first=1.5, extra=0.2, references=_images(4), upsampling=None),
    "flux-2-klein-9b-preview": Model(first=1.5, extra=0.2, references=_images(4), upsampling=None),
    "flux-pro-1.1": _flux1(4),
    "flux-dev": _flux1(2.5),
    "flux-pro-1.1-ultra": _flux1(6, area=4 * MEGAPIXEL),
    "flux-kontext-pro": _flux1(4, **_KONTEXT),
    "flux-kontext-max": _flux1(8, **_KONTEXT, concurrency=6),
}


def rules_of(name: str) -> Model:
    """The rules of a model, or `ImageInvalid` with the names there are."""
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise ImageInvalid(f"BFL has no model {name!r}; it has {known}", provider="bfl")
    return MODELS[name]
