"""One-point perspective: places in a room become points on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

from app.pictures.painting.canvas import Canvas, Point


@dataclass(frozen=True, kw_only=True, slots=True)
class Eye:
    """Looks along z; x to the right and y down, all in the room's own unit."""

    canvas: Canvas
    vanishing: Point
    zoom: float

    def see(self, x: float, y: float, z: float) -> Point:
        """Where on the canvas that place shows."""
        scale = self.canvas.u * self.zoom / z
        return self.vanishing[0] + x * scale, self.vanishing[1] + y * scale


def eye(canvas: Canvas, across: float, down: float, zoom: float) -> Eye:
    """An eye whose far end lies at those shares of width and height."""
    return Eye(canvas=canvas, vanishing=(canvas.w * across, canvas.h * down), zoom=zoom)
