"""The way to the picture process: started when first needed, replaced when it dies, soon gone."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.errors import ImageDownload
from app.pictures.child import LENGTHS, pack
from app.pictures.facts import FittedPicture, PictureFacts

_ROOT = Path(__file__).resolve().parents[2]
_ANSWER_MAX = 256 * 1024 * 1024
_END_SECONDS = 1.0


class PictureWorker:
    """Decodes, fits and draws pictures in a process of its own, one at a time, off the loop.

    The process gets no environment (so no secret), 1 GiB of memory and 20 CPU seconds a task.
    Each method raises `ImageDownload` for bytes that are no usable picture, and when the process
    dies or overruns `seconds`; the next task gets a fresh one.
    """

    def __init__(self, *, seconds: float = 30.0) -> None:
        """Nothing starts here. `seconds` bound one task."""
        self.seconds = seconds
        self._process: Process | None = None
        self._killed: Process | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def process_id(self) -> int | None:
        """The running process, if one runs."""
        return self._process.pid if self._process is not None else None

    async def check(self, data: bytes) -> PictureFacts:
        """What these bytes really are."""
        facts, _ = await self._do({"task": "check"}, data)
        return PictureFacts(**facts)

    async def fit(
        self, data: bytes, *, width: int, height: int, output_format: str
    ) -> FittedPicture:
        """The picture at exactly this size and format, without metadata."""
        asked = {"width": width, "height": height, "output_format": output_format}
        facts, fitted = await self._do({"task": "fit", "with": asked}, data)
        return FittedPicture(data=fitted, facts=PictureFacts(**facts))

    async def paint(
        self, prompt: str, *, seed: int, width: int, height: int, output_format: str
    ) -> bytes:
        """A preview drawn without any vendor, the same for the same arguments."""
        asked = {"prompt": prompt, "seed": seed, "width": width, "height": height}
        asked["output_format"] = output_format
        _, painted = await self._do({"task": "paint", "with": asked}, b"")
        return painted

    async def placeholder(self) -> bytes:
        """The wordless "being painted" picture as JPEG."""
        _, drawn = await self._do({"task": "placeholder"}, b"")
        return drawn

    async def aclose(self) -> None:
        """End the process now; a task it is at fails with `ImageDownload`."""
        self._closed = True
        self._kill()
        async with self._turn:
            await self._end()

    async def _do(self, header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        async with self._turn:
            try:
                async with asyncio.timeout(self.seconds):
                    told, result = await self._exchange(header, data)
            except (TimeoutError, OSError, EOFError, ValueError) as error:
                await self._end()
                raise ImageDownload(
                    f"the picture process failed ({type(error).__name__})"
                ) from error
            except BaseException:
                # A cancelled task leaves an answer in the pipe that nobody may take for theirs.
                await self._end()
                raise
        if "refused" in told:
            raise ImageDownload(str(told["refused"]))
        return told["facts"], result

    async def _exchange(self, header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise EOFError("no pipes")
        process.stdin.write(pack(header, data))
        await process.stdin.drain()
        head, body = LENGTHS.unpack(await process.stdout.readexactly(LENGTHS.size))
        if head + body > _ANSWER_MAX:
            raise ValueError("answer too long")
        told = json.loads(await process.stdout.readexactly(head))
        return told, await process.stdout.readexactly(body)

    async def _running(self) -> Process:
        if self._closed:
            raise EOFError("closed")
        if self._process is None or self._process.returncode is not None:
            await self._end()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app.pictures.child",
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=_bare_environment(),
                limit=2**20,
            )
        return self._process

    def _kill(self) -> None:
        """Once: a second call could bury the process before asyncio does, which then complains."""
        if self._process is not None and self._process is not self._killed:
            self._killed = self._process
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _end(self) -> None:
        """Kill and bury; only who holds the turn may, for the pipes bear one reader."""
        self._kill()
        process, self._process = self._process, None
        if process is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.communicate(), _END_SECONDS)


def _bare_environment() -> dict[str, str]:
    """Enough to import `app` and nothing else; Windows cannot start Python without SYSTEMROOT."""
    bare = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return bare if os.name == "posix" else {**bare, "SYSTEMROOT": r"C:\Windows"}
