"""A glass house at sunrise: rows of green under grow lights, a sensor in front."""

from __future__ import annotations

import itertools
import math

from app.pictures.painting.canvas import Canvas, Colour, mix
from app.pictures.painting.depth import Eye, eye
from app.pictures.painting.things import sensor

_AIR: Colour = (255, 214, 150)
_GREENS: tuple[Colour, ...] = ((24, 92, 58), (38, 122, 66), (70, 156, 78), (16, 74, 60))
_ROWS = (-2.6, -1.9, -1.2, 1.2, 1.9, 2.6)
_FAR, _NEAR = 15.0, 0.85
_BED, _BRINK = 0.86, 0.8


def greenhouse(canvas: Canvas) -> None:
    """Draw it."""
    view = eye(canvas, canvas.dice.uniform(0.4, 0.46), 0.47, 560)
    canvas.sky(
        [(0, (9, 40, 52)), (0.28, (38, 110, 112)), (0.47, (255, 205, 140)), (1, (20, 42, 34))]
    )
    canvas.glow(view.vanishing, 620 * canvas.u, (255, 190, 110), 0.9)
    _ground(canvas, view)
    _glass(canvas, view)
    canvas.glow(view.vanishing, 300 * canvas.u, (255, 226, 170), 0.7)
    _lamps(canvas, view)
    _plants(canvas, view)
    canvas.bokeh(26, [_AIR, (190, 255, 214)], low=0.3, high=0.8)
    where = (canvas.w * 0.76, canvas.h * 0.6)
    sensor(canvas, where, 190, (74, 255, 150))


def _ground(canvas: Canvas, view: Eye) -> None:
    far = view.see(0, 1.0, 40)
    floor = [view.see(-_BED, 1.0, 0.4), view.see(_BED, 1.0, 0.4), far]
    canvas.draw.polygon(floor, fill=(120, 118, 96))
    for share in (0.75, 0.5, 0.25):
        lit = [view.see(-_BED * share, 1.0, 0.4), view.see(_BED * share, 1.0, 0.4), far]
        canvas.draw.polygon(lit, fill=(255, 214, 150, 30))
    for n in range(26):
        z = 0.5 * 1.17**n
        joint = [view.see(-_BED, 1.0, z), view.see(_BED, 1.0, z)]
        canvas.path(joint, (52, 58, 50), 2.4 / z, 110)
    for side in (-1, 1):
        x = side * _BED
        wall = [view.see(x, 1.0, 0.4), view.see(x, _BRINK, 0.4), view.see(x, _BRINK, 40), far]
        canvas.draw.polygon(wall, fill=(58, 72, 66))
        soil = [view.see(x, _BRINK, 0.4), view.see(4 * side, _BRINK, 0.4), view.see(x, _BRINK, 40)]
        canvas.draw.polygon(soil, fill=(16, 44, 34))
        canvas.path([view.see(x, _BRINK, 0.4), view.see(x, _BRINK, 40)], (255, 226, 176), 3, 200)
    canvas.glow((far[0], far[1] + 120 * canvas.u), 380 * canvas.u, (255, 196, 116), 0.6)


def _glass(canvas: Canvas, view: Eye) -> None:
    steps = [math.pi * n / 22 for n in range(23)]
    arch = [(-3.3 * math.cos(t), 0.35 - 2.35 * math.sin(t)) for t in steps]
    depth = [_FAR * (0.72**n) for n in range(11)]
    for z, nearer in itertools.pairwise(depth):
        for a, b in itertools.pairwise(arch):
            pane = [view.see(*a, z), view.see(*b, z), view.see(*b, nearer), view.see(*a, nearer)]
            canvas.draw.polygon(pane, fill=(206, 244, 240, canvas.dice.randrange(4, 30)))
    for x, y in arch[::2]:
        canvas.path([view.see(x, y, _FAR), view.see(x, y, 0.5)], (226, 248, 244), 1.6, 120)
    for z in depth:
        tint = mix((20, 58, 62), (250, 226, 186), z / _FAR)
        canvas.path([view.see(x, y, z) for x, y in arch], tint, 13 / z, 235)


def _lamps(canvas: Canvas, view: Eye) -> None:
    for x in (-1.75, 0.0, 1.75):
        for n in range(14):
            z = 1.15 * 1.2**n
            ends = [view.see(x, -0.86, z), view.see(x, -0.86, z * 1.1)]
            canvas.path(ends, (255, 150, 226), 20 / z, 255)
            canvas.path(ends, (255, 236, 252), 8 / z, 255)


def _plants(canvas: Canvas, view: Eye) -> None:
    layers = 28
    for n in range(layers):
        z = _FAR * (_NEAR / _FAR) ** (n / (layers - 1))
        for row in sorted(_ROWS, key=abs, reverse=True):
            _bush(canvas, view, row, z)
        if n % 4 == 3:
            x, y = view.vanishing
            canvas.glow((x, y + 30 * canvas.u), 210 * canvas.u, (255, 196, 120), 0.12)


def _bush(canvas: Canvas, view: Eye, row: float, z: float) -> None:
    dice = canvas.dice
    away = min(1.0, (z - _NEAR) / 9) ** 0.7
    for _ in range(15):
        x = row + dice.uniform(-0.27, 0.27)
        y = _BRINK + 0.02 - dice.uniform(0, 0.58)
        tint = mix(dice.choice(_GREENS), (196, 226, 120), max(0.0, 0.6 - y) * 1.1)
        tint = mix(tint, (244, 206, 140), away * 0.86)
        _leaf(canvas, view.see(x, y, z), dice.uniform(0.16, 0.3) * 560 * canvas.u / z, tint)


def _leaf(canvas: Canvas, at: tuple[float, float], length: float, tint: Colour) -> None:
    angle = canvas.dice.uniform(-math.pi * 0.95, -math.pi * 0.05)
    c, s = math.cos(angle), math.sin(angle)
    outline = [(0, 0), (0.3, 0.2), (0.65, 0.18), (1, 0), (0.65, -0.18), (0.3, -0.2)]
    turned = [
        (at[0] + length * (a * c - b * s), at[1] + length * (a * s + b * c)) for a, b in outline
    ]
    canvas.draw.polygon(turned, fill=tint)
    lit = mix(tint, (226, 255, 190), 0.28)
    canvas.draw.polygon([turned[0], turned[1], turned[2], turned[3]], fill=(*lit, 150))
