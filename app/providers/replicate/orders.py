"""A request turned into a prediction's `input`: what is refused, painted, sent and left out."""

from __future__ import annotations

import base64
import math
from typing import Any

from app.errors import ImageInvalid
from app.orders import ImageRequest, Quote
from app.providers.orders import UNPRICED, dropped, on_grid, refuse_unusable
from app.providers.replicate.models import MODELS, OWNER, Model

#: schema pages: pixels are rounded to 16 or 32 by the version; 32 suits both
STEP = 32
MIN_SIDE = 256
_MAGIC = ((b"\x89PNG", "png"), (b"RIFF", "webp"), (b"GIF8", "gif"))


def rules_of(model: str, *, provider: str) -> Model:
    """The rules of a model, with or without its owner's name; or `ImageInvalid`."""
    name = bare(model)
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise ImageInvalid(f"{provider} has no model {model!r}; it has {known}", provider=provider)
    return MODELS[name]


def bare(model: str) -> str:
    """The model's name without its owner's."""
    return model.removeprefix(f"{OWNER}/")


def quote(request: ImageRequest, rules: Model, *, provider: str) -> Quote:
    """The size to be painted, at a price Replicate does not tell; or `ImageInvalid`."""
    refuse_unusable(
        request, provider=provider, references_max=rules.references_max, safety=rules.safety
    )
    if rules.sizes:
        width, height = rules.sizes[_nearest(request, rules, provider)]
    else:
        width, height = on_grid(
            request, provider=provider, step=STEP, min_side=MIN_SIDE, max_side=rules.max_side
        )
    warnings = dropped(
        request,
        formats=rules.formats,
        safety=rules.safety is not None,
        upsampling=rules.upsampling,
    )
    return Quote(width=width, height=height, cost=UNPRICED, warnings=warnings)


def order(request: ImageRequest, rules: Model, quoted: Quote, *, provider: str) -> dict[str, Any]:
    """The `input` object; `output_format` always, because the vendors' default is webp."""
    known = request.output_format if request.output_format in rules.formats else "png"
    fields: dict[str, Any] = {
        "prompt": request.prompt,
        "output_format": "jpg" if known == "jpeg" else known,
    }
    if rules.sizes:
        fields["aspect_ratio"] = _nearest(request, rules, provider)
    else:
        fields |= {"aspect_ratio": "custom", "width": quoted.width, "height": quoted.height}
    if request.seed is not None:
        fields["seed"] = request.seed
    if request.safety_tolerance is not None and rules.safety is not None:
        fields["safety_tolerance"] = request.safety_tolerance
    if request.prompt_upsampling is not None and rules.upsampling:
        fields["prompt_upsampling"] = request.prompt_upsampling
    return fields | _references(request, rules)


def _references(request: ImageRequest, rules: Model) -> dict[str, Any]:
    pictures = [_address(picture) for picture in request.references]
    if not pictures:
        return {}
    return {rules.image: pictures if rules.references_max > 1 else pictures[0]}


def _address(picture: str | bytes) -> str:
    """A URL as it is; bytes as a data URL, which Replicate takes wherever it takes a URL."""
    if isinstance(picture, str):
        return picture
    kind = next((name for magic, name in _MAGIC if picture.startswith(magic)), "jpeg")
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _proportion(name: str) -> float:
    across, _, down = name.partition(":")
    return math.log(int(across) / int(down))


def _nearest(request: ImageRequest, rules: Model, provider: str) -> str:
    """The proportion closest to the asked one, of those the asked pixels can be cut out of."""
    wanted = math.log(request.width / request.height)
    fitting = {
        abs(_proportion(name) - wanted): name
        for name, (width, height) in rules.sizes.items()
        if width >= request.width and height >= request.height
    }
    if not fitting:
        asked = f"{request.width} x {request.height}"
        painted = ", ".join(f"{width} x {height}" for width, height in rules.sizes.values())
        raise ImageInvalid(
            f"{asked} cannot be cut out of what this model paints ({painted})", provider=provider
        )
    return fitting[min(fitting)]
