"""A canvas twice as fine as the picture, and the few kinds of light that make it one."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

FINER = 2
_BLACK: Colour = (0, 0, 0)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """The colour that lies `share` (0..1) of the way from `a` to `b`."""
    t = min(max(share, 0.0), 1.0)
    return (
        round(a[0] + (b[0] - a[0]) * t),
        round(a[1] + (b[1] - a[1]) * t),
        round(a[2] + (b[2] - a[2]) * t),
    )


class Canvas:
    """Draw on `draw` in fine pixels; `w` and `h` are its sides, `u` a thousandth of the lesser."""

    def __init__(self, width: int, height: int, dice: random.Random) -> None:
        """For a picture of `width` x `height` pixels; `dice` is the only source of chance."""
        self.w, self.h = width * FINER, height * FINER
        self.u = min(self.w, self.h) / 1000
        self.dice = dice
        self.image = Image.new("RGB", (self.w, self.h))
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def sky(self, stops: Sequence[tuple[float, Colour]], *, top: float = 0.0) -> None:
        """Fill from `top` (share of the height) down with a gradient of (place 0..1, colour)."""
        y = round(top * self.h)
        self.image.paste(gradient((self.w, self.h - y), stops), (0, y))

    def glow(self, at: Point, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Add soft round light."""
        side = max(2, round(radius * 2))
        x, y = round(at[0] - radius), round(at[1] - radius)
        mask = _HALO.resize((side, side), Image.Resampling.BILINEAR)
        light = Image.merge(
            "RGB",
            [
                mask.point([round(v * part * strength / 255) for v in range(256)])
                for part in colour
            ],
        )
        box = (max(0, x), max(0, y), min(self.w, x + side), min(self.h, y + side))
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        part = light.crop((box[0] - x, box[1] - y, box[2] - x, box[3] - y))
        self.image.paste(ImageChops.screen(self.image.crop(box), part), box[:2])

    def haze(self, colour: Colour, stops: Sequence[tuple[float, int]]) -> None:
        """Lay a veil whose density 0..255 changes from top to bottom by (place 0..1, density)."""
        grey = [(place, (density, density, density)) for place, density in stops]
        mask = gradient((self.w, self.h), grey).getchannel(0)
        self.image.paste(colour, (0, 0, self.w, self.h), mask)

    def soften(self, radius: float) -> None:
        """Put all that is drawn so far out of focus."""
        small = self.image.reduce(4).filter(ImageFilter.GaussianBlur(radius * self.u / 4))
        self.image.paste(small.resize(self.image.size, Image.Resampling.BICUBIC))

    def path(
        self, points: Sequence[Point], colour: Colour, width: float, alpha: int = 255
    ) -> None:
        """A line of `width` thousandths."""
        stroke = max(1, round(width * self.u))
        # A rounded joint is drawn over the line: on a translucent one it would show as a dot.
        joint = "curve" if alpha == 255 else None
        self.draw.line(list(points), fill=(*colour, alpha), width=stroke, joint=joint)

    def dot(self, at: Point, radius: float, colour: Colour, alpha: int = 255) -> None:
        """A disc of `radius` thousandths."""
        r = max(1.0, radius * self.u)
        x, y = at
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=(*colour, alpha))

    def bokeh(self, count: int, colours: Sequence[Colour], *, low: float, high: float) -> None:
        """Scatter discs of light out of focus between two shares of the height."""
        for _ in range(count):
            at = (self.dice.uniform(0, self.w), self.dice.uniform(low, high) * self.h)
            size = self.dice.uniform(6, 34)
            self.dot(at, size, self.dice.choice(colours), self.dice.randrange(12, 46))

    def finished(self) -> Image.Image:
        """The picture at its own size: bright things bloom, corners darken, grain holds it."""
        picture = self.image.reduce(FINER)
        picture = _bloomed(picture)
        picture = _framed(picture)
        return _grained(picture, self.dice)


def gradient(size: tuple[int, int], stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """A vertical gradient through (place 0..1, colour), smooth between its stops."""
    rows = 256
    strip = Image.new("RGB", (1, rows))
    strip.putdata([_between(stops, row / (rows - 1)) for row in range(rows)])
    return strip.resize(size, Image.Resampling.BICUBIC)


def _between(stops: Sequence[tuple[float, Colour]], place: float) -> Colour:
    before = stops[0]
    for after in stops:
        if place <= after[0]:
            span = after[0] - before[0]
            share = (place - before[0]) / span if span else 1.0
            return mix(before[1], after[1], share * share * (3 - 2 * share))
        before = after
    return before[1]


def _halo() -> Image.Image:
    fading = [round(255 * max(0.0, 1 - v / 180) ** 2.2) for v in range(256)]
    return Image.radial_gradient("L").point(fading)


_HALO = _halo()


def _bloomed(picture: Image.Image) -> Image.Image:
    """What is brighter than most spills over: near and narrow, far and faint."""
    bright = picture.reduce(4).point([max(0, round((v - 150) * 1.9)) for v in range(256)] * 3)
    unit = min(picture.size) / 1024
    near = bright.filter(ImageFilter.GaussianBlur(2.2 * unit))
    far = bright.filter(ImageFilter.GaussianBlur(13 * unit))
    spilled = ImageChops.add(
        near, far.point([min(255, round(v * 0.8)) for v in range(256)] * 3), 1.7
    )
    return ImageChops.screen(picture, spilled.resize(picture.size, Image.Resampling.BICUBIC))


def _framed(picture: Image.Image) -> Image.Image:
    falling = [255 - round(105 * max(0.0, (v - 95) / 160) ** 1.7) for v in range(256)]
    mask = Image.radial_gradient("L").point(falling).resize(picture.size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(picture, Image.merge("RGB", (mask, mask, mask)))


def _grained(picture: Image.Image, dice: random.Random) -> Image.Image:
    side = 256
    noise = Image.frombytes("L", (side, side), dice.randbytes(side * side))
    tile = noise.point([122 + round(v * 12 / 255) for v in range(256)])
    sheet = Image.new("L", picture.size)
    for x in range(0, picture.width, side):
        for y in range(0, picture.height, side):
            sheet.paste(tile, (x, y))
    return ImageChops.overlay(picture, Image.merge("RGB", (sheet, sheet, sheet)))
