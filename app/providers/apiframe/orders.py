"""A request turned into Apiframe's order: what is refused, painted and sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import ImageInvalid
from app.orders import Cost, ImageRequest, Quote

NAME = "apiframe"
UNIT = "apiframe_credit"
PROMPT_MAX = 2000
FORMATS = ("png", "jpeg", "webp")
MAX_SIDE = 2048
_MEGAPIXEL = 1024 * 1024
_STEP = 32
#: seed 004; AF-OAS lets any "a:b" through, but promises no other
_RATIOS = ((1, 1), (3, 4), (4, 3), (9, 16), (16, 9))
#: seed 004 and AF-OAS; the vendor's page "1 MP" with a space is refused by its own schema
_RESOLUTIONS = {
    "0.5MP": _MEGAPIXEL // 2,
    "1MP": _MEGAPIXEL,
    "2MP": 2 * _MEGAPIXEL,
    "4MP": 4 * _MEGAPIXEL,
}
#: AF-OAS gives costMin and costMax by model only: the price is told by the finished job
UNPRICED = Cost(amount=None, unit=UNIT, usd=None, basis="unknown")
_MAGIC = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"RIFF", "webp"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """One of the sizes a model paints; `resolution` is None where the model has but one."""

    ratio: str
    resolution: str | None
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """What one model paints, cheapest first, and how many pictures it looks at."""

    sizes: tuple[Size, ...]
    references: int = 0


def _size(a: int, b: int, resolution: str | None, pixels: int) -> Size:
    """The least a vendor can mean by that proportion and that many megapixels.

    FLUX.2 paints at most 2048 a side (its schema at Replicate, "resolution"), and sides are taken
    down to multiples of 32.
    """
    scale = min((pixels / (a * b)) ** 0.5, MAX_SIDE / max(a, b))
    width, height = (int(side * scale + 1e-6) // _STEP * _STEP for side in (a, b))
    return Size(ratio=f"{a}:{b}", resolution=resolution, width=width, height=height)


def _every_ratio(resolution: str | None, pixels: int) -> tuple[Size, ...]:
    return tuple(_size(a, b, resolution, pixels) for a, b in _RATIOS)


_FLUX2 = Model(
    sizes=tuple(
        size for name, pixels in _RESOLUTIONS.items() for size in _every_ratio(name, pixels)
    ),
    references=8,
)

MODELS: Mapping[str, Model] = {
    "flux-2-pro": _FLUX2,
    "flux-2-dev": _FLUX2,
    "flux-2-flex": _FLUX2,
    "flux-2-max": _FLUX2,
    "flux-1.1-pro": Model(sizes=_every_ratio(None, _MEGAPIXEL)),
    "flux-1.1-pro-ultra": Model(sizes=_every_ratio(None, 4 * _MEGAPIXEL)),
}


def rules_of(name: str) -> Model:
    """The rules of a model, or `ImageInvalid` with the names there are."""
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise ImageInvalid(f"Apiframe has no model {name!r}; it has {known}", provider=NAME)
    return MODELS[name]


def quote(request: ImageRequest, model: Model) -> Quote:
    """The size to be painted, at a price told later; or `ImageInvalid`."""
    _refuse_unusable(request, model)
    size = fitting(request.width, request.height, model.sizes)
    tolerance = request.safety_tolerance is not None
    return Quote(
        width=size.width,
        height=size.height,
        cost=UNPRICED,
        warnings=("Apiframe has no safety tolerance",) if tolerance else (),
    )


def _refuse_unusable(request: ImageRequest, model: Model) -> None:
    links = [one for one in request.references if isinstance(one, str)]
    problems = (
        (not request.prompt.strip(), "the prompt is empty"),
        (
            len(request.prompt) > PROMPT_MAX,
            f"Apiframe takes at most {PROMPT_MAX} characters of prompt",
        ),
        (request.output_format not in FORMATS, "the format is none of png, jpeg, webp"),
        (
            len(request.references) > model.references,
            f"this model takes at most {model.references} reference pictures",
        ),
        (
            any(not link.startswith("https://") for link in links),
            "a reference picture is a file or an https address",
        ),
    )
    for wrong, sentence in problems:
        if wrong:
            raise ImageInvalid(sentence, provider=NAME)
    for one in request.references:
        if isinstance(one, bytes):
            kind_of(one)


def fitting(width: int, height: int, sizes: Sequence[Size]) -> Size:
    """The size that the asked one can be cut out of without enlarging it; `ImageInvalid` if none.

    The fewest megapixels win, because they are paid for; then the least that is cut away.
    """
    enough = [size for size in sizes if size.width >= width and size.height >= height]
    if width < 1 or height < 1 or not enough:
        largest = sorted({(size.width, size.height) for size in sizes[-len(_RATIOS) :]})
        known = ", ".join(f"{wide} x {high}" for wide, high in largest)
        sentence = f"{width} x {height} cannot be cut out of what this model paints: {known}"
        raise ImageInvalid(sentence, provider=NAME)
    cheapest = [size for size in enough if size.resolution == enough[0].resolution]
    return max(cheapest, key=lambda size: _kept(size, width / height))


def _kept(size: Size, asked: float) -> float:
    """The share of the painted picture that is left when it is cut to the asked proportion."""
    painted = size.width / size.height
    return min(asked / painted, painted / asked)


def kind_of(picture: bytes) -> str:
    """png, jpeg or webp by the first bytes, or `ImageInvalid`."""
    for magic, kind in _MAGIC:
        if picture.startswith(magic) and (kind != "webp" or picture[8:12] == b"WEBP"):
            return kind
    raise ImageInvalid("a reference picture is no png, jpeg or webp", provider=NAME)


def order(request: ImageRequest, name: str, links: Sequence[str]) -> dict[str, Any]:
    """The request body. Only keys of the schema: any other is refused (AF-OAS)."""
    model = rules_of(name)
    size = fitting(request.width, request.height, model.sizes)
    kind = "jpg" if request.output_format == "jpeg" else request.output_format
    params: dict[str, Any] = {"aspect_ratio": size.ratio, "output_format": kind}
    if size.resolution is not None:
        params["resolution"] = size.resolution
    if request.seed is not None:
        params["seed"] = request.seed
    if request.prompt_upsampling is not None:
        params["prompt_upsampling"] = request.prompt_upsampling
    if links:
        params["input_images"] = list(links)
    return {"prompt": request.prompt, "model": name, "fluxParams": params}
