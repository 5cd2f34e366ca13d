"""A skyline at dusk above water, its towers joined by a net of signals; or a works by night."""

from __future__ import annotations

from PIL import Image, ImageFilter

from app.pictures.painting.canvas import Canvas, Colour, Point, gradient, mix
from app.pictures.painting.things import net

_SKIES: tuple[tuple[tuple[float, Colour], ...], ...] = (
    ((0, (12, 14, 46)), (0.24, (62, 42, 112)), (0.5, (232, 112, 122)), (0.66, (255, 190, 130))),
    ((0, (5, 16, 40)), (0.26, (16, 74, 118)), (0.52, (72, 176, 186)), (0.66, (242, 226, 178))),
    ((0, (10, 12, 38)), (0.26, (40, 50, 128)), (0.52, (150, 112, 196)), (0.66, (255, 176, 160))),
)
_LAMPS: tuple[Colour, ...] = ((255, 214, 140), (255, 236, 196), (150, 230, 255))
_SHORE = 0.7
_SIGNAL: Colour = (104, 236, 255)


def city(canvas: Canvas) -> None:
    """Towers."""
    _evening(canvas, hall=False)


def works(canvas: Canvas) -> None:
    """Saw-tooth halls, chimneys and tanks among them."""
    _evening(canvas, hall=True)


def _evening(canvas: Canvas, *, hall: bool) -> None:
    dice = canvas.dice
    sky = dice.choice(_SKIES)
    canvas.sky(sky)
    _stars(canvas)
    sun = (canvas.w * dice.uniform(0.3, 0.7), canvas.h * (_SHORE - 0.18))
    canvas.glow(sun, 560 * canvas.u, sky[2][1], 0.8)
    canvas.glow(sun, 230 * canvas.u, (255, 224, 190), 1.0)
    haze = mix(sky[2][1], sky[1][1], 0.35)
    _row(canvas, haze=haze, far=0.66, high=0.2, wide=70, lamps=0.0)
    _row(canvas, haze=haze, far=0.4, high=0.3, wide=90, lamps=0.12)
    canvas.haze(haze, [(0, 0), (0.45, 0), (_SHORE, 130), (1, 130)])
    tops = _row(canvas, haze=haze, far=0.06, high=0.4, wide=120, lamps=0.34, hall=hall)
    _water(canvas)
    net(canvas, _nodes(canvas, tops), _SIGNAL, reach=canvas.w * 0.34)


def _stars(canvas: Canvas) -> None:
    for _ in range(130):
        at = (canvas.dice.uniform(0, canvas.w), canvas.dice.uniform(0, 0.4) * canvas.h)
        canvas.dot(
            at, canvas.dice.uniform(0.5, 1.4), (255, 255, 255), canvas.dice.randrange(40, 190)
        )


def _row(
    canvas: Canvas,
    *,
    haze: Colour,
    far: float,
    high: float,
    wide: float,
    lamps: float,
    hall: bool = False,
) -> list[Point]:
    """One row of houses from left to right; gives the middle of each roof."""
    dice, tops, x = canvas.dice, [], -0.02 * canvas.w
    while x < canvas.w:
        width = dice.uniform(0.55, 1.2) * wide * canvas.u
        middle = 1 - abs((x + width / 2) / canvas.w - 0.5) * 1.1
        height = canvas.h * high * dice.uniform(0.35, 1.0) * max(0.3, middle)
        top = canvas.h * _SHORE - height * (0.62 if hall else 1.0)
        tint = mix((13, 19, 40), haze, far + dice.uniform(-0.03, 0.03))
        box = (x, top, x + width, canvas.h * _SHORE)
        (_hall if hall else _tower)(canvas, box, tint)
        _windows(canvas, box, tint, lamps)
        tops.append((x + width / 2, top))
        x += width * dice.uniform(1.0, 1.12)
    return tops


def _tower(canvas: Canvas, box: tuple[float, float, float, float], tint: Colour) -> None:
    x, top, right, foot = box
    canvas.draw.rectangle(box, fill=tint)
    edge = x + (right - x) * 0.16
    canvas.draw.rectangle((x, top, edge, foot), fill=mix(tint, (255, 200, 180), 0.09))
    kind = canvas.dice.randrange(4)
    middle = (x + right) / 2
    if kind == 0:
        canvas.draw.rectangle((middle - 3, top - (right - x) * 0.6, middle + 3, top), fill=tint)
        canvas.dot((middle, top - (right - x) * 0.6), 2.6, (255, 90, 90))
    elif kind == 1:
        canvas.draw.polygon([(x, top), (right, top), (right, top - (right - x) * 0.35)], fill=tint)
    elif kind == 2:
        inset = (right - x) * 0.2
        canvas.draw.rectangle((x + inset, top - inset * 1.4, right - inset, top), fill=tint)


def _hall(canvas: Canvas, box: tuple[float, float, float, float], tint: Colour) -> None:
    x, top, right, _ = box
    width = right - x
    canvas.draw.rectangle(box, fill=tint)
    if canvas.dice.random() < 0.42:
        _chimney(canvas, x + width * 0.3, top, width, tint)
    for n in range(3):
        left = x + width * n / 3
        tooth = [(left, top + 1), (left, top - width * 0.2), (left + width / 3, top + 1)]
        canvas.draw.polygon(tooth, fill=tint)
        canvas.path([tooth[1], tooth[2]], (255, 206, 160), 1.4, 130)


def _chimney(canvas: Canvas, x: float, foot: float, width: float, tint: Colour) -> None:
    top = foot - width * canvas.dice.uniform(1.0, 1.7)
    slim = width * 0.09
    body = [(x - slim, foot), (x - slim * 0.7, top), (x + slim * 0.7, top), (x + slim, foot)]
    canvas.draw.polygon(body, fill=tint)
    canvas.dot((x, top), 2.6, (255, 96, 84))
    for n in range(16):
        puff = (x + width * 0.06 * n + canvas.dice.uniform(-6, 6), top - width * 0.075 * n)
        canvas.dot(puff, 5 + n * 2.1, (255, 226, 220), max(4, 30 - n * 2))


def _windows(
    canvas: Canvas, box: tuple[float, float, float, float], tint: Colour, share: float
) -> None:
    if not share:
        return
    x, top, right, foot = box
    step, size = 13 * canvas.u, 5.5 * canvas.u
    for row in range(int((foot - top - step) / step)):
        for column in range(int((right - x - step) / step)):
            if canvas.dice.random() < share:
                at = (x + step * (column + 0.8), top + step * (row + 0.9))
                lamp = mix(tint, canvas.dice.choice(_LAMPS), canvas.dice.uniform(0.35, 1.0))
                canvas.draw.rectangle((*at, at[0] + size, at[1] + size * 1.2), fill=lamp)


def _water(canvas: Canvas) -> None:
    """The upper part again, upside down, softer, darker, in ripples."""
    shore = round(canvas.h * _SHORE)
    depth = canvas.h - shore
    part = canvas.image.crop((0, shore - depth, canvas.w, shore)).reduce(4)
    part = part.transpose(Image.Transpose.FLIP_TOP_BOTTOM).filter(ImageFilter.BoxBlur((1, 5)))
    mirrored = part.resize((canvas.w, depth), Image.Resampling.BICUBIC)
    dark = gradient((canvas.w, depth), [(0, (34, 34, 34)), (1, (190, 190, 190))]).getchannel(0)
    mirrored.paste((6, 12, 30), (0, 0), dark)
    canvas.image.paste(mirrored, (0, shore))
    for _ in range(240):
        y = shore + depth * canvas.dice.random() ** 1.4
        x, long = canvas.dice.uniform(0, canvas.w), canvas.dice.uniform(10, 90) * canvas.u
        canvas.path([(x, y), (x + long, y)], (255, 232, 220), 1.2, canvas.dice.randrange(8, 46))


def _nodes(canvas: Canvas, tops: list[Point]) -> list[Point]:
    inside = [top for top in tops if canvas.w * 0.05 < top[0] < canvas.w * 0.95]
    lifted = [
        (canvas.w * canvas.dice.uniform(0.1, 0.9), canvas.h * canvas.dice.uniform(0.12, 0.3))
        for _ in range(5)
    ]
    return [*inside[::2], *lifted]
