"""Things that stand in several scenes: the sensor, the net of signals, the turbine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter

from app.pictures.painting.canvas import Canvas, Colour, Point, gradient

_BODY: Sequence[tuple[float, Colour]] = (
    (0, (250, 252, 253)),
    (0.5, (222, 229, 233)),
    (1, (168, 180, 190)),
)
_SCREEN: Sequence[tuple[float, Colour]] = ((0, (14, 36, 48)), (1, (6, 17, 26)))


def sensor(canvas: Canvas, at: Point, size: float, accent: Colour) -> None:
    """A sensor box `size` thousandths wide with its screen, its lamp and its waves."""
    s = size * canvas.u
    x, y = at
    _pole(canvas, (x, y + s * 0.6), s)
    _shadow(canvas, at, s)
    canvas.path(
        [(x + s * 0.3, y - s * 0.6), (x + s * 0.3, y - s * 1.12)], (52, 62, 70), size * 0.05
    )
    canvas.dot((x + s * 0.3, y - s * 1.13), size * 0.045, (80, 92, 102))
    _panel(canvas, (x - s * 0.5, y - s * 0.65, x + s * 0.5, y + s * 0.65), s * 0.13, _BODY)
    _panel(canvas, (x - s * 0.38, y - s * 0.5, x + s * 0.38, y + s * 0.06), s * 0.06, _SCREEN)
    _trace(canvas, (x - s * 0.33, y - s * 0.2), s, accent)
    _lamp(canvas, (x - s * 0.25, y + s * 0.36), size, accent)
    for n in range(3):
        hole = (x + s * (0.06 + n * 0.13), y + s * 0.36)
        canvas.dot(hole, size * 0.033, (120, 133, 143))
    _waves(canvas, (x + s * 0.3, y - s * 1.13), s, accent)


def _pole(canvas: Canvas, top: Point, s: float) -> None:
    x, y = top
    canvas.draw.rectangle((x - s * 0.07, y, x + s * 0.07, canvas.h), fill=(38, 47, 54))
    canvas.draw.rectangle((x - s * 0.07, y, x - s * 0.03, canvas.h), fill=(92, 104, 112))


def _shadow(canvas: Canvas, at: Point, s: float) -> None:
    side = round(s * 2.2)
    shade = Image.new("L", (side // 4, side // 4))
    inner = (side * 0.06, side * 0.045, side * 0.2, side * 0.215)
    ImageDraw.Draw(shade).rectangle(inner, fill=170)
    mask = shade.filter(ImageFilter.GaussianBlur(side / 70)).resize((side, side))
    corner = (round(at[0] - side / 2 + s * 0.06), round(at[1] - side / 2 + s * 0.1))
    canvas.image.paste((4, 10, 14), (*corner, corner[0] + side, corner[1] + side), mask)


def _panel(
    canvas: Canvas,
    box: tuple[float, float, float, float],
    radius: float,
    stops: Sequence[tuple[float, Colour]],
) -> None:
    size = (round(box[2] - box[0]), round(box[3] - box[1]))
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius, fill=255)
    canvas.image.paste(gradient(size, stops), (round(box[0]), round(box[1])), mask)


def _trace(canvas: Canvas, start: Point, s: float, accent: Colour) -> None:
    steps = 24
    points = []
    for n in range(steps):
        lift = math.sin(n * 0.55) * 0.09 + math.sin(n * 1.3 + 1) * 0.04
        points.append((start[0] + s * 0.66 * n / (steps - 1), start[1] - s * lift))
    canvas.path(points, accent, s / canvas.u * 0.022)
    canvas.dot(points[-1], s / canvas.u * 0.03, (255, 255, 255))


def _lamp(canvas: Canvas, at: Point, size: float, accent: Colour) -> None:
    canvas.dot(at, size * 0.085, (60, 72, 80))
    canvas.dot(at, size * 0.065, accent)
    canvas.dot(at, size * 0.035, (245, 255, 250))
    canvas.glow(at, size * canvas.u * 0.55, accent, 0.9)


def _waves(canvas: Canvas, at: Point, s: float, accent: Colour) -> None:
    for n in range(1, 4):
        r = s * 0.24 * n
        box = (at[0] - r, at[1] - r, at[0] + r, at[1] + r)
        width = max(2, round(s * 0.028))
        for start in (-40, 140):
            fading = 235 - n * 52
            canvas.draw.arc(box, start, start + 80, fill=(*accent, fading), width=width)


def net(canvas: Canvas, nodes: Sequence[Point], colour: Colour, *, reach: float) -> None:
    """Thin arcs between neighbours nearer than `reach` fine pixels, and lights at the nodes."""
    for n, a in enumerate(nodes):
        for b in nodes[n + 1 :]:
            length = math.dist(a, b)
            if length < reach:
                canvas.path(_arc(a, b), colour, 1.6, round(190 * (1 - length / reach)) + 50)
    for node in nodes:
        canvas.glow(node, 26 * canvas.u, colour, 0.8)
        canvas.dot(node, 4.4, colour)
        canvas.dot(node, 2.4, (255, 255, 255))


def _arc(a: Point, b: Point) -> list[Point]:
    lift = math.dist(a, b) * 0.22
    return [
        (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t - lift * 4 * t * (1 - t))
        for t in (n / 20 for n in range(21))
    ]


def turbine(canvas: Canvas, foot: Point, height: float, colour: Colour, turn: float) -> None:
    """A wind turbine `height` fine pixels tall, its blades turned by `turn` degrees."""
    x, y = foot
    top = (x, y - height)
    w = height * 0.014
    tower = [(x - w * 1.5, y), (x + w * 1.5, y), (x + w * 0.7, top[1]), (x - w * 0.7, top[1])]
    canvas.draw.polygon(tower, fill=colour)
    for n in range(3):
        angle = math.radians(turn + 120 * n)
        along = (math.cos(angle), math.sin(angle))
        across = (-along[1], along[0])
        blade = [(0.0, 0.010), (0.12, 0.030), (0.56, 0.0), (0.1, -0.008)]
        points = [
            (
                top[0] + height * (a * along[0] + b * across[0]),
                top[1] + height * (a * along[1] + b * across[1]),
            )
            for a, b in blade
        ]
        canvas.draw.polygon(points, fill=colour)
    canvas.draw.ellipse(
        (x - w * 1.4, top[1] - w * 1.4, x + w * 1.4, top[1] + w * 1.4), fill=colour
    )
