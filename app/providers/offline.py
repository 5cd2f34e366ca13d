"""The vendor that needs no key: draws a marked preview on this machine, free and at once."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping

from app.errors import ImageDownload, ImageFailed, ImageInvalid
from app.orders import Cost, ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.pictures.worker import PictureWorker
from app.ports import Balance, Capabilities

_FORMATS = ("png", "jpeg", "webp")
_MODEL = "preview"
_MIN_SIDE, _MAX_SIDE = 64, 2048
_PROMPT_MAX = 32_000
_FREE = Cost(amount=0.0, unit="none", usd=0.0, basis="reported")


def build(_settings: object, _net: object, pictures: PictureWorker) -> OfflineProvider:
    """Always there."""
    return OfflineProvider(pictures)


class OfflineProvider:
    """Draws technology scenes by words of the prompt, the same for prompt, seed and size."""

    name = "offline"
    default_model = _MODEL
    trusted_hosts: frozenset[str] = frozenset()

    def __init__(self, pictures: PictureWorker, *, delay: float = 0.0) -> None:
        """`delay` in seconds makes a demonstration feel like a vendor."""
        self._pictures = pictures
        self._delay = delay

    def capabilities(self, model: str) -> Capabilities:
        """Any size up to 2048 a side; it knows no references."""
        self._know(model)
        return Capabilities(
            sync=True,
            cancel=False,
            webhook=False,
            credits=False,
            idempotent=True,
            reports_cost=True,
            references_max=0,
            size_step=1,
            min_side=_MIN_SIDE,
            max_side=_MAX_SIDE,
            max_pixels=_MAX_SIDE * _MAX_SIDE,
            formats=_FORMATS,
            prompt_max=_PROMPT_MAX,
            concurrency=1,
            poll_floor=0.0,
            result_minutes=None,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """Free, at exactly the asked size; or `ImageInvalid`."""
        self._know(request.model or _MODEL)
        sides = (request.width, request.height)
        if not request.prompt.strip() or len(request.prompt) > _PROMPT_MAX:
            raise ImageInvalid("the prompt is empty or too long", provider=self.name)
        if min(sides) < _MIN_SIDE or max(sides) > _MAX_SIDE:
            limits = f"sides go from {_MIN_SIDE} to {_MAX_SIDE} pixels"
            raise ImageInvalid(limits, provider=self.name)
        if request.output_format not in _FORMATS:
            raise ImageInvalid("the format is none of png, jpeg, webp", provider=self.name)
        if request.references:
            raise ImageInvalid("the preview takes no reference pictures", provider=self.name)
        return Quote(width=request.width, height=request.height, cost=_FREE)

    async def submit(self, request: ImageRequest, *, key: str) -> JobStatus:
        """The finished preview. Without a seed the prompt chooses one."""
        self.validate(request)
        await asyncio.sleep(self._delay)
        seed = zlib.crc32(request.prompt.encode()) if request.seed is None else request.seed
        try:
            data = await self._pictures.paint(
                request.prompt,
                seed=seed,
                width=request.width,
                height=request.height,
                output_format=request.output_format,
            )
        except ImageDownload as error:
            raise ImageFailed(str(error), provider=self.name) from error
        return JobStatus(
            state=JobState.SUCCEEDED,
            raw_status="Ready",
            output=data,
            progress=1.0,
            cost=_FREE,
            seed=seed,
        )

    async def poll(self, handle: JobHandle) -> JobStatus:
        """There are no jobs to ask for."""
        return JobStatus(state=JobState.NOT_FOUND, raw_status="Task not found")

    async def cancel(self, handle: JobHandle) -> bool:
        """Nothing goes on after `submit`."""
        return False

    async def credits(self) -> Balance | None:
        """Nothing is counted."""
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Nobody calls back."""
        return None

    def _know(self, model: str) -> None:
        if model != _MODEL:
            raise ImageInvalid(f"offline has one model, {_MODEL!r}", provider=self.name)
