"""Hills in the morning: wind and sun at work, or furrows under watch."""

from __future__ import annotations

import math

from app.pictures.painting.canvas import Canvas, Colour, mix
from app.pictures.painting.depth import Eye, eye
from app.pictures.painting.things import net, sensor, turbine

_MORNINGS: tuple[tuple[tuple[float, Colour], ...], ...] = (
    ((0, (44, 110, 168)), (0.3, (136, 196, 214)), (0.52, (255, 224, 170)), (1, (255, 200, 140))),
    ((0, (58, 62, 130)), (0.28, (186, 120, 164)), (0.52, (255, 196, 140)), (1, (255, 176, 120))),
    ((0, (20, 92, 120)), (0.3, (94, 186, 182)), (0.52, (246, 236, 182)), (1, (240, 214, 150))),
)
_FRONT: Colour = (14, 62, 58)
_SIGNAL: Colour = (190, 255, 244)
_EDGE = 0.62


def energy(canvas: Canvas) -> None:
    """Turbines on the ridges, panels in front."""
    haze = _morning(canvas)
    feet = _ridges(canvas, haze, turbines=True)
    _meadow(canvas, haze)
    _panels(canvas, _view(canvas))
    net(canvas, feet, _SIGNAL, reach=canvas.w * 0.4)


def field(canvas: Canvas) -> None:
    """Furrows to the horizon, a sensor in front."""
    haze = _morning(canvas)
    _ridges(canvas, haze, turbines=False)
    _meadow(canvas, haze)
    _furrows(canvas, _view(canvas), haze)
    canvas.bokeh(20, [(255, 240, 200)], low=0.4, high=0.95)
    sensor(canvas, (canvas.w * 0.74, canvas.h * 0.55), 170, (90, 255, 170))


def _view(canvas: Canvas) -> Eye:
    return eye(canvas, 0.44, _EDGE - 0.03, 520)


def _morning(canvas: Canvas) -> Colour:
    sky = canvas.dice.choice(_MORNINGS)
    canvas.sky(sky)
    sun = (canvas.w * canvas.dice.uniform(0.22, 0.6), canvas.h * 0.42)
    for n in range(26):
        x, y = canvas.dice.uniform(0, canvas.w), canvas.dice.uniform(0.06, 0.34) * canvas.h
        for _ in range(7):
            puff = (
                x + canvas.dice.gauss(0, 70) * canvas.u,
                y + canvas.dice.gauss(0, 7) * canvas.u,
            )
            canvas.dot(puff, canvas.dice.uniform(10, 34), (255, 246, 232), 5 + n % 6)
    canvas.soften(9)
    canvas.glow(sun, 560 * canvas.u, sky[2][1], 0.62)
    canvas.glow(sun, 170 * canvas.u, (255, 250, 226), 0.85)
    canvas.dot(sun, 34, (255, 252, 238))
    return mix(sky[2][1], sky[1][1], 0.4)


def _ridges(canvas: Canvas, haze: Colour, *, turbines: bool) -> list[tuple[float, float]]:
    """Five ridges, each nearer and darker; gives the hubs of the turbines on them."""
    hubs = []
    for n in range(5):
        base, far = 0.42 + n * 0.042, 0.9 - n * 0.17
        phase, swing = canvas.dice.uniform(0, 6), 0.02 + n * 0.006
        line = []
        for step in range(81):
            wave = math.sin(step * 0.09 + phase) + 0.5 * math.sin(step * 0.23 + phase * 3)
            line.append((canvas.w * step / 80, canvas.h * (base - swing * wave)))
        tint = mix(_FRONT, haze, far)
        for place in (13, 38, 63) if turbines and n in (1, 3) else ():
            foot = line[min(80, place + canvas.dice.randrange(-6, 7) + n * 4)]
            tall = (150 + n * 62) * canvas.u
            white = mix((250, 252, 252), haze, far * 0.5)
            turbine(
                canvas, (foot[0], foot[1] + 8 * canvas.u), tall, white, canvas.dice.uniform(0, 120)
            )
            hubs.append((foot[0], foot[1] + 8 * canvas.u - tall))
        canvas.draw.polygon([*line, (canvas.w, canvas.h), (0, canvas.h)], fill=tint)
    return hubs


def _meadow(canvas: Canvas, haze: Colour) -> None:
    canvas.sky(
        [(0, mix((58, 138, 92), haze, 0.45)), (0.3, (34, 104, 74)), (1, (8, 40, 42))], top=_EDGE
    )


def _panels(canvas: Canvas, view: Eye) -> None:
    for z in (7.0, 5.2, 3.9, 2.9, 2.1, 1.5, 1.08):
        for column in range(-6, 7):
            _panel(canvas, view, column * 1.06 + 0.1, z)


def _panel(canvas: Canvas, view: Eye, x: float, z: float) -> None:
    """One tilted panel: its lower edge nearer, its cells mirroring the sky."""
    back, front, low, high = z * 1.0, z * 0.86, 0.92, 0.5

    def at(a: float, b: float) -> tuple[float, float]:
        return view.see(x + a, low + (high - low) * b, front + (back - front) * b)

    for a in (0.2, 0.8):
        canvas.path([at(a, 0.6), view.see(x + a, 1.08, z)], (60, 72, 80), 12 / z)
    away = min(1.0, z / 9)
    for n in range(6):
        b = n / 6
        tint = mix(mix((12, 34, 82), (108, 176, 226), b**1.5), (250, 226, 190), away * 0.5)
        canvas.draw.polygon([at(0, b), at(1, b), at(1, b + 1 / 6), at(0, b + 1 / 6)], fill=tint)
        canvas.path([at(0, b), at(1, b)], (176, 206, 232), 1.6 / z + 0.4, 120)
    for n in range(1, 6):
        canvas.path([at(n / 6, 0), at(n / 6, 1)], (176, 206, 232), 1.6 / z + 0.4, 90)
    canvas.path([at(0, 0), at(1, 0), at(1, 1), at(0, 1), at(0, 0)], (232, 240, 246), 5 / z)


def _furrows(canvas: Canvas, view: Eye, haze: Colour) -> None:
    for n in range(-34, 34):
        x = n * 0.42
        strip = [view.see(x, 1, 0.35), view.see(x + 0.22, 1, 0.35), view.see(x + 0.1, 1, 60)]
        canvas.draw.polygon(strip, fill=(62, 42, 34, 120))
    for step in range(30):
        z = 11.0 * (0.8 / 11.0) ** (step / 29)
        for n in range(-34, 34):
            _tuft(canvas, view, n * 0.42 + 0.31, z, haze)


def _tuft(canvas: Canvas, view: Eye, x: float, z: float, haze: Colour) -> None:
    foot = view.see(x + canvas.dice.uniform(-0.04, 0.04), 1.0, z)
    if not -60 * canvas.u < foot[0] < canvas.w + 60 * canvas.u:
        return
    size = 70 * canvas.u / z * canvas.dice.uniform(0.8, 1.3)
    tint = mix(
        canvas.dice.choice(((52, 150, 82), (92, 178, 88), (34, 120, 76))), haze, min(1.0, z / 12)
    )
    for lean in (-0.7, -0.3, 0.1, 0.5, 0.8):
        tip = (foot[0] + size * lean, foot[1] - size * (1.2 - abs(lean) * 0.6))
        wide = size * 0.13
        canvas.draw.polygon([(foot[0] - wide, foot[1]), tip, (foot[0] + wide, foot[1])], fill=tint)
