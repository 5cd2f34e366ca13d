"""A corridor between server racks, their lights mirrored in the floor."""

from __future__ import annotations

import itertools

from app.pictures.painting.canvas import Canvas, Colour, mix
from app.pictures.painting.depth import Eye, eye

_TINTS: tuple[tuple[Colour, Colour], ...] = (
    ((64, 214, 255), (92, 255, 190)),
    ((120, 150, 255), (255, 120, 220)),
    ((84, 240, 200), (255, 206, 110)),
)
_DARK: Colour = (7, 12, 24)
_FAR = 16.0
_UNITS = 15


def racks(canvas: Canvas) -> None:
    """Draw it."""
    cold, warm = canvas.dice.choice(_TINTS)
    view = eye(canvas, canvas.dice.uniform(0.44, 0.56), 0.46, 470)
    canvas.sky([(0, (4, 8, 18)), (0.46, mix(_DARK, cold, 0.42)), (1, (4, 7, 15))])
    canvas.glow(view.vanishing, 430 * canvas.u, cold, 0.75)
    _floor(canvas, view, cold)
    _ceiling(canvas, view, cold)
    places = [_FAR * 0.86**n for n in range(27)]
    for z, nearer in itertools.pairwise(places):
        for side in (-1, 1):
            _rack(canvas, view, (side, z, nearer * 1.02), (cold, warm))
    canvas.glow(view.vanishing, 150 * canvas.u, (225, 248, 255), 0.95)
    canvas.bokeh(18, [cold, warm], low=0.2, high=0.9)


def _floor(canvas: Canvas, view: Eye, cold: Colour) -> None:
    far = view.see(0, 1.05, 60)
    for share, alpha in ((1.0, 26), (0.6, 26), (0.3, 40), (0.12, 80)):
        lit = [view.see(-share, 1.05, 0.4), view.see(share, 1.05, 0.4), far]
        canvas.draw.polygon(lit, fill=(*mix(cold, (255, 255, 255), 0.3), alpha))
    for n in range(24):
        z = 0.55 * 1.18**n
        canvas.path([view.see(-1, 1.05, z), view.see(1, 1.05, z)], _DARK, 3 / z, 150)


def _ceiling(canvas: Canvas, view: Eye, cold: Colour) -> None:
    for x in (-0.38, 0.38):
        strip = [
            view.see(x - 0.05, -1.25, 0.5),
            view.see(x + 0.05, -1.25, 0.5),
            view.see(x + 0.05, -1.25, 40),
            view.see(x - 0.05, -1.25, 40),
        ]
        canvas.draw.polygon(strip, fill=mix(cold, (255, 255, 255), 0.72))
    for n in range(16):
        z = 0.6 * 1.26**n
        canvas.path([view.see(-1, -1.25, z), view.see(1, -1.25, z)], _DARK, 16 / z)


def _rack(
    canvas: Canvas, view: Eye, place: tuple[int, float, float], tints: tuple[Colour, Colour]
) -> None:
    side, z, nearer = place
    away = min(1.0, z / _FAR) ** 0.8
    face = mix((17, 25, 42), tints[0], away * 0.5)
    corners = [
        view.see(side, -1.18, z),
        view.see(side, -1.18, nearer),
        view.see(side, 1.05, nearer),
        view.see(side, 1.05, z),
    ]
    canvas.draw.polygon(corners, fill=face)
    for unit in range(_UNITS):
        _unit(canvas, view, (side, z, nearer), unit, (face, *tints))
    canvas.path([corners[1], corners[2]], mix(tints[0], (255, 255, 255), 0.25), 3.6 / nearer, 210)
    _mirrored(canvas, view, (side, z, nearer), tints[0])


def _unit(
    canvas: Canvas,
    view: Eye,
    place: tuple[int, float, float],
    unit: int,
    tints: tuple[Colour, Colour, Colour],
) -> None:
    side, z, nearer = place
    dice = canvas.dice
    top = -1.1 + unit * 2.08 / _UNITS
    low = top + 1.62 / _UNITS
    a, b = z + (nearer - z) * 0.1, z + (nearer - z) * 0.9
    plate = [
        view.see(side, top, a),
        view.see(side, top, b),
        view.see(side, low, b),
        view.see(side, low, a),
    ]
    canvas.draw.polygon(plate, fill=mix(tints[0], (4, 7, 14), 0.5))
    for n in range(7):
        if dice.random() < 0.62:
            depth = a + (b - a) * (0.12 + 0.11 * n)
            tint = tints[1] if dice.random() < 0.76 else tints[2]
            at = view.see(side, (top + low) / 2, depth)
            canvas.dot(at, 4.6 / depth, tint, dice.randrange(120, 256))
            if dice.random() < 0.2:
                canvas.dot(at, 3.0 / depth, (255, 255, 255))


def _mirrored(canvas: Canvas, view: Eye, place: tuple[int, float, float], tint: Colour) -> None:
    side, z, nearer = place
    band = [
        view.see(side, 1.05, z),
        view.see(side, 1.05, nearer),
        view.see(side * 0.66, 1.05, nearer),
        view.see(side * 0.66, 1.05, z),
    ]
    canvas.draw.polygon(band, fill=(*tint, canvas.dice.randrange(8, 40)))
