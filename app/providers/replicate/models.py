"""Which fields each of Black Forest Labs' models takes on Replicate (REP-docs, schema pages).

Seed 003 calls a dozen fields required; only `prompt` is, and a field that a model does not have
is never sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.pictures.sizes import of_area
from app.providers.orders import FORMATS, MEGAPIXEL

OWNER = "black-forest-labs"
Sizes = Mapping[str, tuple[int, int]]

#: replicate/cog-flux predict.py, ASPECT_RATIOS: what schnell and dev paint at one megapixel
_COG_SIZES: Sizes = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "21:9": (1536, 640),
    "3:2": (1216, 832),
    "2:3": (832, 1216),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "3:4": (896, 1152),
    "4:3": (1152, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
_KONTEXT_RATIOS = (*_COG_SIZES, "2:1", "1:2")


def _about(pixels: int, names: tuple[str, ...]) -> Sizes:
    """Sizes of models whose exact ones are not published, rounded down to the usual 32."""
    found = {}
    for name in names:
        across, _, down = name.partition(":")
        width, height = of_area(int(across), int(down), pixels)
        found[name] = (width // 32 * 32, height // 32 * 32)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One model's rules. With `sizes` it takes a named proportion, else pixels up to `max_side`.

    `image` is the field of reference pictures, a list where `references_max` is above one.
    """

    max_side: int = 1440
    sizes: Sizes = field(default_factory=dict)
    image: str = ""
    references_max: int = 0
    safety: tuple[int, int] | None = None
    upsampling: bool = False
    formats: tuple[str, ...] = FORMATS

    @property
    def largest(self) -> tuple[int, int]:
        """The longest side and the most pixels it paints."""
        if not self.sizes:
            return self.max_side, self.max_side * self.max_side
        return max(map(max, self.sizes.values())), max(w * h for w, h in self.sizes.values())


_PRO_1 = Model(image="image_prompt", references_max=1, safety=(1, 5), upsampling=True)
_KONTEXT = Model(
    sizes=_about(MEGAPIXEL, _KONTEXT_RATIOS),
    image="input_image",
    references_max=1,
    safety=(0, 6),
    upsampling=True,
    formats=("png", "jpeg"),
)

MODELS: Mapping[str, Model] = {
    "flux-2-pro": Model(max_side=2048, image="input_images", references_max=8, safety=(1, 5)),
    "flux-2-flex": Model(
        max_side=2048, image="input_images", references_max=10, safety=(1, 5), upsampling=True
    ),
    "flux-2-dev": Model(image="input_images", references_max=4),
    "flux-1.1-pro": _PRO_1,
    "flux-pro": _PRO_1,
    "flux-1.1-pro-ultra": Model(
        sizes=_about(4 * MEGAPIXEL, tuple(_COG_SIZES)),
        image="image_prompt",
        references_max=1,
        safety=(1, 6),
        formats=("png", "jpeg"),
    ),
    "flux-schnell": Model(sizes=_COG_SIZES),
    "flux-dev": Model(sizes=_COG_SIZES, image="image", references_max=1),
    "flux-kontext-pro": _KONTEXT,
    "flux-kontext-max": _KONTEXT,
}
