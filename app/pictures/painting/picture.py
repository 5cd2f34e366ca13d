"""One preview picture from a prompt, a seed and a size: always the same for the same three."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw

from app.pictures.fonts import font
from app.pictures.painting.canvas import Canvas
from app.pictures.painting.circuit import circuit
from app.pictures.painting.city import city, works
from app.pictures.painting.dashboard import dashboard
from app.pictures.painting.greenhouse import greenhouse
from app.pictures.painting.hills import energy, field
from app.pictures.painting.racks import racks

MARK = "preview – no image key set"

_SAVE = {
    "png": {"compress_level": 2},
    "jpeg": {"quality": 90, "subsampling": 0},
    "webp": {"quality": 90, "method": 2},
}

Scene = Callable[[Canvas], None]

#: scene -> beginnings of words that call for it, in English and Turkish
SCENES: Mapping[Scene, str] = {
    greenhouse: "greenhouse|tomato|hydropon|horticult|seedling|indoor farm|sera",
    field: "field|crop|soil|irrigat|farm|agri|harvest|orchard|vineyard|drone|tarla|tar[ıi]m|bitki",
    energy: "energy|solar|wind|turbine|renewable|carbon|sustainab|green power|enerji|g[üu]ne[şs]",
    works: "factor|industr|machine|manufactur|maintenance|motor|conveyor|fabrika|sanayi|makine",
    racks: "server|data ?cent|rack|cyber|security|backup|hosting|sunucu|g[üu]venlik|veri merkez",
    circuit: "circuit|chip|cloud|processor|firmware|electronic|bulut|devre|artificial intell",
    dashboard: "dashboard|chart|analytic|report|metric|statistic|kpi|software|app\\b|panel|rapor",
    city: "city|network|building|gateway|lorawan|connect|traffic|urban|office|[şs]ehir|bina",
}


def paint(*, prompt: str, seed: int, width: int, height: int, output_format: str) -> bytes:
    """The encoded picture; sizes in pixels, format png, jpeg or webp. Blocks for a second."""
    dice = random.Random(f"{seed}/{width}x{height}/{prompt}")
    canvas = Canvas(width, height, dice)
    scene_for(prompt, dice)(canvas)
    picture = canvas.finished()
    _mark(picture)
    stream = io.BytesIO()
    picture.save(stream, output_format.upper(), **_SAVE[output_format])
    return stream.getvalue()


def scene_for(prompt: str, dice: random.Random) -> Scene:
    """The scene most words of the prompt call for; without any, one by chance."""
    text = prompt.lower()
    calls = {scene: len(re.findall(rf"\b(?:{words})", text)) for scene, words in SCENES.items()}
    most = max(calls.values())
    if most == 0:
        return dice.choice(list(SCENES))
    return next(scene for scene, count in calls.items() if count == most)


def _mark(picture: Image.Image) -> None:
    """A band along the lower edge that says what this is."""
    width, height = picture.size
    band = max(18, min(width, height) // 24)
    draw = ImageDraw.Draw(picture, "RGBA")
    draw.rectangle((0, height - band, width, height), fill=(6, 10, 18, 165))
    draw.text(
        (width / 2, height - band / 2),
        MARK,
        font=font(max(9, int(band * 0.5))),
        anchor="mm",
        fill=(235, 240, 248, 230),
    )
