"""Which size to have painted so that the asked one can be cut out of it."""

from __future__ import annotations


def paintable(
    width: int, height: int, *, step: int, min_side: int, max_side: int, max_pixels: int
) -> tuple[int, int] | None:
    """The smallest paintable size at or above the asked one, in pixels; None when it is too big.

    Sides are multiples of `step`: 1080 x 1350 becomes 1088 x 1360 at step 16.
    """
    sides = tuple(max(_up(side, step), _up(min_side, step)) for side in (width, height))
    if width < 1 or height < 1 or max(sides) > max_side or sides[0] * sides[1] > max_pixels:
        return None
    return sides[0], sides[1]


def ratio(width: int, height: int) -> tuple[int, int]:
    """The sides' proportion in lowest terms."""
    a, b = width, height
    while b:
        a, b = b, a % b
    return width // a, height // a


def of_area(width: int, height: int, pixels: int) -> tuple[int, int]:
    """The size of that proportion with about `pixels` pixels."""
    scale = (pixels / (width * height)) ** 0.5
    return max(1, round(width * scale)), max(1, round(height * scale))


def _up(side: int, step: int) -> int:
    return -(-side // step) * step
