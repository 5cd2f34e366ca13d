"""The one door to picture making: `generate_image_flux` and `get_credits`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.errors import DeskError, ImageError
from app.images import Studio
from app.models import Image
from app.orders import ImageRequest
from app.painting import Progress
from app.ports import Store


async def generate_image_flux(
    prompt: str,
    width: int = 1024,
    height: int = 1024,
    output_format: str = "png",
    max_wait_seconds: float = 120,
    *,
    provider: str | None = None,
    model: str | None = None,
    seed: int | None = None,
    on_progress: Progress | None = None,
    image_id: int | None = None,
    studio: Studio | None = None,
) -> dict[str, Any]:
    """Paint `prompt` (English) at exactly `width` x `height` pixels as png, jpeg or webp.

    Returns `{"success": True, "image_path", "duration" (seconds), "file_size" (bytes), "cost"
    (in `cost_unit`), ...}` or `{"success": False, "error": the vendor's status text, "code",
    "retryable", "maybe_billed", ...}`. A vendor's fault is never raised.

    Alone in a script it reads the environment and opens what it needs; the program hands over its
    open `studio`, and `image_id` when the picture was intended (or begun) before.
    """
    request = ImageRequest(
        prompt=prompt,
        width=width,
        height=height,
        output_format=output_format,
        model=model,
        seed=seed,
    )
    image: Image | None = None
    async with _open(studio) as (workshop, store):
        try:
            if image_id is None:
                async with store.write() as tx:
                    image = await workshop.intend(
                        tx, request, max_wait_seconds=max_wait_seconds, provider=provider
                    )
                image_id = image.id
            image = await workshop.finish(image_id, on_progress=on_progress)
        except DeskError as error:
            return _failure(error, image_id)
        return _success(image, workshop)


async def get_credits(*, studio: Studio | None = None) -> dict[str, Any]:
    """What is left at the preferred vendor: `{"success": True, "credits", "unit", "usd"}`.

    `credits` is None where the vendor does not tell; a fault gives `{"success": False, "error"}`.
    """
    async with _open(studio) as (workshop, _store):
        try:
            balance = await workshop.credits()
        except ImageError as error:
            return _failure(error, None)
    if balance is None:
        return {"success": True, "credits": None, "unit": None, "usd": None}
    return {
        "success": True,
        "credits": balance.amount,
        "unit": balance.unit,
        "usd": balance.usd,
    }


@asynccontextmanager
async def _open(studio: Studio | None) -> AsyncIterator[tuple[Studio, Store]]:
    if studio is not None:
        yield studio, studio.store
        return
    # The container imports the services, which import this module.
    from app.container import open_services
    from app.settings import load_settings

    async with open_services(load_settings(), owner="script") as services:
        yield services.studio, services.store


def _success(image: Image, studio: Studio) -> dict[str, Any]:
    return {
        "success": True,
        "image_path": str(studio.path(image).resolve()),
        "duration": round((image.updated_at - image.created_at).total_seconds(), 3),
        "file_size": image.file_size,
        "cost": image.cost_amount,
        "cost_unit": image.cost_unit,
        "cost_usd": image.cost_usd,
        "cost_basis": image.cost_basis,
        "mime": image.mime,
        "width": image.real_width,
        "height": image.real_height,
        "seed": image.seed,
        "provider": image.provider,
        "model": image.model,
        "request_id": image.request_id,
        "job": image.id,
    }


def _failure(error: DeskError, image_id: int | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "success": False,
        "error": error.raw if isinstance(error, ImageError) else str(error),
        "code": error.code,
        "retryable": error.retryable,
        "maybe_billed": isinstance(error, ImageError) and error.maybe_billed,
        "job": image_id,
    }
    if isinstance(error, ImageError):
        result |= {
            "provider": error.provider,
            "request_id": error.request_id,
            "reasons": list(error.reasons),
        }
    return result
