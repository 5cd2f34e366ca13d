"""Glass panes of charts afloat before soft light: measurements, without a word on them."""

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from app.pictures.painting.canvas import Canvas, Colour, mix

Box = tuple[float, float, float, float]

_ROOMS: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((10, 16, 48), (54, 60, 160), (80, 230, 255)),
    ((6, 30, 44), (14, 110, 120), (116, 255, 190)),
    ((34, 12, 52), (150, 54, 120), (255, 190, 110)),
)
_WHITE: Colour = (255, 255, 255)


def dashboard(canvas: Canvas) -> None:
    """Draw it."""
    deep, light, accent = canvas.dice.choice(_ROOMS)
    canvas.sky([(0, deep), (0.55, mix(deep, light, 0.75)), (1, mix(deep, (0, 0, 0), 0.35))])
    for _ in range(5):
        at = (canvas.dice.uniform(0, canvas.w), canvas.dice.uniform(0, canvas.h))
        tint = canvas.dice.choice((light, accent))
        canvas.glow(at, canvas.dice.uniform(300, 560) * canvas.u, tint, 0.6)
    canvas.bokeh(60, [accent, light, _WHITE], low=0.0, high=1.0)
    canvas.soften(7)
    _panes(canvas, accent, mix(light, _WHITE, 0.35))
    canvas.bokeh(12, [accent], low=0.1, high=0.9)


def _panes(canvas: Canvas, accent: Colour, second: Colour) -> None:
    def box(left: float, top: float, right: float, low: float) -> Box:
        return (left * canvas.w, top * canvas.h, right * canvas.w, low * canvas.h)

    for number in range(3):
        left = 0.08 + number * 0.287
        place = box(left, 0.1, left + 0.266, 0.235)
        _pane(canvas, place)
        _figure(canvas, place, (accent, second, _WHITE)[number])
    wide, ring, bars = (
        box(0.08, 0.262, 0.92, 0.6),
        box(0.08, 0.627, 0.45, 0.9),
        box(0.475, 0.627, 0.92, 0.9),
    )
    for place in (wide, ring, bars):
        _pane(canvas, place)
    _curves(canvas, wide, accent, second)
    _ring(canvas, ring, accent, second)
    _bars(canvas, bars, accent, second)


def _pane(canvas: Canvas, box: Box) -> None:
    """Frosted glass: what lies behind, blurred and lighter, with a bright upper edge."""
    x, y, right, low = (round(v) for v in box)
    size, r = (right - x, low - y), 26 * canvas.u
    behind = canvas.image.crop((x, y, right, low)).reduce(4).filter(ImageFilter.GaussianBlur(10))
    frosted = behind.resize(size, Image.Resampling.BICUBIC)
    frosted = ImageChops.screen(frosted, Image.new("RGB", size, (26, 30, 42)))
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), r, fill=255)
    for grow in range(6, 0, -1):
        g = grow * 4 * canvas.u
        shade = (x - g, y - g + 12 * canvas.u, right + g, low + g + 12 * canvas.u)
        canvas.draw.rounded_rectangle(shade, r + g, fill=(2, 4, 14, 14))
    canvas.image.paste(frosted, (x, y), mask)
    edge = max(1, round(1.6 * canvas.u))
    canvas.draw.rounded_rectangle((x, y, right, low), r, outline=(255, 255, 255, 84), width=edge)


def _words(canvas: Canvas, x: float, y: float, width: float) -> None:
    """A line where a caption would stand."""
    canvas.path([(x, y), (x + width, y)], _WHITE, 7, 96)


def _figure(canvas: Canvas, box: Box, tint: Colour) -> None:
    x, y, right, low = box
    u, wide, high = canvas.u, right - x, low - y
    _words(canvas, x + 26 * u, y + high * 0.26, wide * 0.34)
    canvas.path(
        [(x + 26 * u, y + high * 0.52), (x + wide * 0.5, y + high * 0.52)], _WHITE, 17, 235
    )
    steps = [canvas.dice.uniform(-0.09, 0.09) - n * 0.012 for n in range(14)]
    points = [
        (x + 26 * u + (wide - 52 * u) * n / 13, y + high * (0.84 + step))
        for n, step in enumerate(steps)
    ]
    canvas.path(points, tint, 3.4)
    at = (right - 40 * u, y + high * 0.3)
    canvas.glow(at, 46 * u, tint, 0.9)
    canvas.dot(at, 9, tint)


def _curves(canvas: Canvas, box: Box, accent: Colour, second: Colour) -> None:
    x, y, right, low = box
    u, wide, high = canvas.u, right - x, low - y
    _words(canvas, x + 34 * u, y + 40 * u, wide * 0.22)
    _words(canvas, right - wide * 0.2, y + 40 * u, wide * 0.09)
    for n in range(5):
        level = y + high * (0.28 + 0.15 * n)
        canvas.path([(x + 34 * u, level), (right - 34 * u, level)], _WHITE, 1.2, 40)
    for tint, base, swing in ((second, 0.62, 0.1), (accent, 0.5, 0.17)):
        phase = canvas.dice.uniform(0, 6)
        points = []
        for n in range(61):
            wave = math.sin(n * 0.16 + phase) + 0.45 * math.sin(n * 0.41 + phase * 2)
            level = base - swing * wave * 0.7 - n * 0.0016
            points.append((x + 34 * u + (wide - 68 * u) * n / 60, y + high * level))
        _filled(canvas, points, low - 34 * u, tint)
        canvas.path(points, tint, 4.6)
        canvas.glow(points[44], 46 * u, tint, 0.9)
        canvas.dot(points[44], 9, _WHITE)
        canvas.dot(points[44], 5, tint)


def _filled(canvas: Canvas, points: list[tuple[float, float]], foot: float, tint: Colour) -> None:
    """Colour under a curve, fading downwards."""
    for share, alpha in ((1.0, 26), (0.6, 26), (0.3, 30)):
        under = [(x, y + (foot - y) * share) for x, y in reversed(points)]
        canvas.draw.polygon([*points, *under], fill=(*tint, alpha))


def _ring(canvas: Canvas, box: Box, accent: Colour, second: Colour) -> None:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    r = min(box[2] - box[0], box[3] - box[1]) * 0.34
    width, around = max(1, round(r * 0.3)), (x - r, y - r, x + r, y + r)
    share = canvas.dice.uniform(190, 280)
    canvas.draw.arc(around, 0, 360, fill=(255, 255, 255, 40), width=width)
    canvas.draw.arc(around, -90, share - 90, fill=accent, width=width)
    canvas.draw.arc(around, share - 84, share - 40, fill=second, width=width)
    canvas.path([(x - r * 0.3, y - r * 0.08), (x + r * 0.3, y - r * 0.08)], _WHITE, 17, 235)
    canvas.path([(x - r * 0.2, y + r * 0.2), (x + r * 0.2, y + r * 0.2)], _WHITE, 7, 110)


def _bars(canvas: Canvas, box: Box, accent: Colour, second: Colour) -> None:
    x, y, right, low = box
    u, count = canvas.u, 9
    _words(canvas, x + 30 * u, y + 36 * u, (right - x) * 0.3)
    step = (right - x - 60 * u) / count
    for n in range(count):
        height = (low - y - 110 * u) * canvas.dice.uniform(0.3, 1.0)
        left = x + 30 * u + step * (n + 0.2)
        bar = (left, low - 32 * u - height, left + step * 0.6, low - 32 * u)
        tint = accent if n == count - 3 else mix(second, accent, n / count * 0.5)
        canvas.draw.rounded_rectangle(
            bar, step * 0.16, fill=(*tint, 255 if n == count - 3 else 170)
        )
