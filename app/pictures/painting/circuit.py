"""A circuit board under light, signals running to a chip that carries a cloud."""

from __future__ import annotations

from PIL import Image, ImageDraw

from app.pictures.painting.canvas import Canvas, Colour, Point, gradient, mix

_BOARDS: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((5, 34, 40), (10, 78, 78), (110, 255, 214)),
    ((8, 18, 52), (22, 56, 124), (112, 206, 255)),
    ((28, 12, 52), (76, 34, 120), (255, 150, 230)),
)
_GOLD: Colour = (240, 190, 96)


def circuit(canvas: Canvas) -> None:
    """Draw it."""
    dark, board, signal = canvas.dice.choice(_BOARDS)
    canvas.sky([(0, mix(dark, (0, 0, 0), 0.4)), (0.5, board), (1, mix(dark, (0, 0, 0), 0.5))])
    middle = (canvas.w * 0.5, canvas.h * 0.5)
    canvas.glow(middle, 620 * canvas.u, mix(board, signal, 0.5), 0.75)
    for _ in range(70):
        _part(canvas, middle, dark)
    for n in range(116):
        _lane(canvas, middle, n, (board, signal))
    _blurred_edges(canvas)
    _chip(canvas, middle, signal)
    canvas.bokeh(30, [signal, _GOLD], low=0.0, high=1.0)


def _part(canvas: Canvas, middle: Point, dark: Colour) -> None:
    dice, u = canvas.dice, canvas.u
    x, y = dice.uniform(0, canvas.w), dice.uniform(0, canvas.h)
    if max(abs(x - middle[0]), abs(y - middle[1])) < 260 * u:
        return
    w, h = (
        dice.choice(((44, 22), (22, 44), (64, 40), (30, 30))) if dice.random() < 0.9 else (90, 60)
    )
    box = (x, y, x + w * u, y + h * u)
    canvas.draw.rectangle(
        (box[0] + 6 * u, box[1] + 8 * u, box[2] + 6 * u, box[3] + 8 * u), fill=(0, 0, 0, 90)
    )
    canvas.draw.rounded_rectangle(box, 3 * u, fill=mix(dark, (70, 84, 96), dice.uniform(0.1, 0.5)))
    canvas.draw.rectangle(
        (box[0], box[1], box[0] + w * u * 0.16, box[3]), fill=(190, 190, 186, 190)
    )
    canvas.draw.rectangle(
        (box[2] - w * u * 0.16, box[1], box[2], box[3]), fill=(150, 150, 148, 190)
    )


def _lane(canvas: Canvas, middle: Point, number: int, tints: tuple[Colour, Colour]) -> None:
    """From the chip's edge outwards, with one bend of 45 degrees, to a gold eye."""
    dice, u = canvas.dice, canvas.u
    side, place = number % 4, ((number // 4) / 28 - 0.5) * 2
    start = (place * 168, 176.0)
    straight = dice.uniform(20, 190)
    slant = dice.uniform(0, 150) * (1 if place > 0 else -1) * (0.3 + abs(place))
    bend = (start[0], start[1] + straight)
    after = (bend[0] + slant, bend[1] + abs(slant))
    end = (after[0], after[1] + dice.uniform(20, 320))
    points = [_turned(point, side, middle, u) for point in (start, bend, after, end)]
    live = dice.random() < 0.42
    canvas.path(points, mix(tints[0], tints[1], 0.9 if live else 0.3), 2.6 if live else 3.2)
    canvas.dot(points[-1], 7, _GOLD)
    canvas.dot(points[-1], 3, (20, 24, 30))
    if live:
        pulse = points[dice.randrange(1, 4)]
        canvas.glow(pulse, 34 * u, tints[1], 0.9)
        canvas.dot(pulse, 4.4, (255, 255, 255))


def _turned(point: Point, quarters: int, middle: Point, u: float) -> Point:
    x, y = point
    for _ in range(quarters):
        x, y = -y, x
    return middle[0] + x * u, middle[1] + y * u


def _blurred_edges(canvas: Canvas) -> None:
    sharp = canvas.image.copy()
    canvas.soften(9)
    grey = [(0, 0), (0.24, 0), (0.4, 255), (0.68, 255), (0.9, 0), (1, 0)]
    stops = [(place, (v, v, v)) for place, v in grey]
    canvas.image.paste(sharp, (0, 0), gradient(canvas.image.size, stops).getchannel(0))


def _chip(canvas: Canvas, middle: Point, signal: Colour) -> None:
    u = canvas.u
    x, y = middle
    for n in range(-14, 15):
        for dx, dy in ((n * 11.6, 178), (n * 11.6, -178), (178, n * 11.6), (-178, n * 11.6)):
            at = (x + dx * u, y + dy * u)
            canvas.draw.rectangle(
                (at[0] - 3.4 * u, at[1] - 3.4 * u, at[0] + 3.4 * u, at[1] + 3.4 * u), fill=_GOLD
            )
    for grow in range(8, 0, -1):
        r = (168 + grow * 4) * u
        canvas.draw.rounded_rectangle(
            (x - r, y - r + 14 * u, x + r, y + r + 14 * u), 20 * u, fill=(0, 0, 0, 26)
        )
    r = round(168 * u)
    face = gradient((2 * r, 2 * r), [(0, (52, 62, 80)), (0.5, (26, 33, 48)), (1, (13, 17, 28))])
    mask = Image.new("L", face.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 2 * r - 1, 2 * r - 1), 16 * u, fill=255)
    canvas.image.paste(face, (round(x) - r, round(y) - r), mask)
    box = (x - r * 0.86, y - r * 0.86, x + r * 0.86, y + r * 0.86)
    canvas.draw.rounded_rectangle(box, 12 * u, outline=(*signal, 150), width=max(1, round(2 * u)))
    _cloud(canvas, (x, y), 96 * u, signal)


def _cloud(canvas: Canvas, at: Point, s: float, signal: Colour) -> None:
    x, y = at
    canvas.glow((x, y), s * 2.1, signal, 0.55)
    parts = ((-0.62, 0.12, 0.4), (0.0, -0.2, 0.58), (0.62, 0.08, 0.44))
    outline = mix(signal, (255, 255, 255), 0.35)
    for grow, tint in ((0.06, outline), (0.0, (20, 28, 42))):
        for dx, dy, r in parts:
            cx, cy, cr = x + dx * s, y + dy * s, (r + grow) * s
            canvas.draw.ellipse((cx - cr, cy - cr, cx + cr, cy + cr), fill=tint)
        low = (x - (0.62 + grow) * s, y - 0.1 * s, x + (0.62 + grow) * s, y + (0.52 + grow) * s)
        canvas.draw.rounded_rectangle(low, 0.1 * s, fill=tint)
    for n in range(3):
        px = x + (n - 1) * s * 0.34
        lift = s * (0.12 if n == 1 else 0.0)
        canvas.path([(px, y + s * 0.3), (px, y + s * 0.02 - lift)], outline, 3.4)
        canvas.dot((px, y + s * 0.02 - lift), 6, (255, 255, 255))
