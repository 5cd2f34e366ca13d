"""Where finished pictures go: fitted in the picture process, kept whole on the disk."""

from __future__ import annotations

from pathlib import Path

from app.orders import PictureFile
from app.pictures.files import keep_picture
from app.pictures.worker import PictureWorker
from app.ports import Clock


class Gallery:
    """Turns a vendor's bytes into a checked file of the exact size and format."""

    def __init__(self, worker: PictureWorker, *, folder: Path, clock: Clock) -> None:
        """`folder` is made when the first picture comes."""
        self._worker = worker
        self._folder = folder
        self._clock = clock

    async def store(
        self, data: bytes, *, width: int, height: int, output_format: str
    ) -> PictureFile:
        """The file; `ImageDownload` for bytes that are no usable picture, or `StorageFull`."""
        fitted = await self._worker.fit(
            data, width=width, height=height, output_format=output_format
        )
        return await keep_picture(self._folder, fitted, at=self._clock.now())
