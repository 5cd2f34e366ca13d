"""What a vendor's answer means: the price as columns of the image row, the refusal as an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import (
    ImageCanceled,
    ImageError,
    ImageFailed,
    ImageModerated,
    ImageNotFound,
    ImageOutputModerated,
)
from app.models import Image
from app.orders import Cost, JobState, JobStatus


def cost_columns(cost: Cost | None) -> dict[str, Any]:
    """A price as columns of the image row; nothing for no price."""
    if cost is None:
        return {}
    return {
        "cost_amount": cost.amount,
        "cost_unit": cost.unit,
        "cost_usd": cost.usd,
        "cost_basis": cost.basis,
    }


_STATUS_ERRORS: Mapping[JobState, type[ImageError]] = {
    JobState.FAILED: ImageFailed,
    JobState.MODERATED_INPUT: ImageModerated,
    JobState.MODERATED_OUTPUT: ImageOutputModerated,
    JobState.CANCELED: ImageCanceled,
    JobState.NOT_FOUND: ImageNotFound,
}


def status_error(status: JobStatus) -> ImageError:
    """The error that a final status without a picture is."""
    return _STATUS_ERRORS[status.state](raw=status.raw_status, reasons=status.reasons)


def _by_code(kind: type[ImageError]) -> dict[str, type[ImageError]]:
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        found |= _by_code(child)
    return found


def recorded_error(image: Image) -> ImageError:
    """The error with which an image ended earlier."""
    kind = _by_code(ImageError).get(str(image.error_code), ImageError)
    return kind(raw=image.error_text or "", provider=image.provider)
