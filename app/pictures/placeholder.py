"""The wordless picture that a card shows while FLUX paints."""

from __future__ import annotations

import io
import math
import random

from app.pictures.painting.canvas import Canvas, Colour, mix

_SIDE = 1024
_DEEP: Colour = (14, 16, 44)
_RIBBONS: tuple[Colour, ...] = (
    (84, 110, 255),
    (40, 196, 220),
    (150, 92, 246),
    (255, 112, 160),
    (255, 184, 108),
    (92, 240, 190),
)
_WHITE: Colour = (255, 255, 255)


def placeholder() -> bytes:
    """1024 x 1024 pixels of JPEG, always the same. Blocks for a moment."""
    canvas = Canvas(_SIDE, _SIDE, random.Random(7))
    canvas.sky([(0, _DEEP), (0.5, (34, 30, 84)), (1, (8, 12, 34))])
    for number, tint in enumerate(_RIBBONS):
        _ribbon(canvas, number, tint)
    canvas.soften(5)
    for number, tint in enumerate(_RIBBONS):
        _ribbon(canvas, number + 0.35, tint, bristles=26)
    canvas.bokeh(46, [*_RIBBONS, _WHITE], low=0.0, high=1.0)
    _easel(canvas)
    stream = io.BytesIO()
    canvas.finished().save(stream, "JPEG", quality=88)
    return stream.getvalue()


def _ribbon(canvas: Canvas, number: float, tint: Colour, bristles: int = 60) -> None:
    """One sweep of a broad brush from left to right, bristle by bristle."""
    for n in range(bristles):
        share = n / bristles
        points = []
        for step in range(49):
            t = step / 48
            wave = math.sin(t * 3.4 + number * 0.9) * 0.15 + math.sin(t * 7 + number) * 0.03
            spread = (share - 0.5) * (0.05 + 0.13 * math.sin(t * math.pi))
            points.append(
                (canvas.w * (t * 1.1 - 0.05), canvas.h * (0.2 + number * 0.12 + wave + spread))
            )
        shade = mix(tint, _WHITE if n % 5 == 0 else _DEEP, canvas.dice.uniform(0.0, 0.4))
        canvas.path(points, shade, canvas.dice.uniform(1.0, 4.6), canvas.dice.randrange(24, 96))


def _easel(canvas: Canvas) -> None:
    """A pane with a picture half begun, and three dots that say: a moment."""
    x, y, u = canvas.w / 2, canvas.h * 0.47, canvas.u
    side = 190 * u
    for grow in range(9, 0, -1):
        r = side + grow * 6 * u
        box = (x - r, y - r + 16 * u, x + r, y + r + 16 * u)
        canvas.draw.rounded_rectangle(box, 60 * u, fill=(4, 6, 24, 15))
    box = (x - side, y - side, x + side, y + side)
    canvas.draw.rounded_rectangle(box, 44 * u, fill=(18, 20, 54, 200))
    canvas.draw.rounded_rectangle(box, 44 * u, outline=(255, 255, 255, 130), width=round(3 * u))
    canvas.glow((x + 70 * u, y - 66 * u), 120 * u, (255, 190, 120), 0.8)
    canvas.dot((x + 70 * u, y - 66 * u), 34, (255, 214, 150))
    _hills(canvas, (x, y), u)
    for n in range(3):
        at = (x + (n - 1) * 46 * u, canvas.h * 0.735)
        canvas.glow(at, 44 * u, _RIBBONS[1], 0.9 - n * 0.3)
        canvas.dot(at, 11, _WHITE, 255 - n * 85)


def _hills(canvas: Canvas, at: tuple[float, float], u: float) -> None:
    x, y = at
    far = [(-150, 140), (-66, -10), (-6, 62), (34, 22), (150, 140)]
    near = [(-150, 140), (-110, 84), (-20, 132), (76, 70), (150, 128), (150, 140)]
    for outline, tint in ((far, _RIBBONS[1]), (near, _RIBBONS[2])):
        points = [(x + a * u, y + b * u) for a, b in outline]
        canvas.draw.polygon(points, fill=(*tint, 210))
        canvas.path(points[:5], mix(tint, _WHITE, 0.5), 3.4)
