"""The picture process: alone, replaceable, without secrets, and gone when told."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from app.errors import ImageDownload
from app.pictures.worker import PictureWorker


@pytest.fixture
async def worker() -> AsyncIterator[PictureWorker]:
    async with PictureWorker() as made:
        yield made


def picture(size: tuple[int, int] = (40, 30)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, "PNG")
    return stream.getvalue()


def environment_of(process: int | None) -> set[bytes]:
    """The names of the variables a process was started with."""
    entries = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return {entry.partition(b"=")[0] for entry in entries if entry}


async def test_it_checks(worker: PictureWorker) -> None:
    facts = await worker.check(picture())
    assert (facts.mime, facts.width, facts.height) == ("image/png", 40, 30)


async def test_it_fits(worker: PictureWorker) -> None:
    fitted = await worker.fit(picture(), width=20, height=20, output_format="jpeg")
    assert fitted.data.startswith(b"\xff\xd8")


async def test_it_refuses_what_is_no_picture(worker: PictureWorker) -> None:
    with pytest.raises(ImageDownload, match="not a usable picture"):
        await worker.check(b"<html>")


async def test_it_goes_on_after_a_refusal(worker: PictureWorker) -> None:
    with pytest.raises(ImageDownload):
        await worker.check(b"<html>")
    assert (await worker.check(picture())).width == 40


async def test_it_draws_the_placeholder(worker: PictureWorker) -> None:
    facts = await worker.check(await worker.placeholder())
    assert (facts.mime, facts.width, facts.height) == ("image/jpeg", 1024, 1024)


async def test_nothing_runs_before_it_is_needed() -> None:
    async with PictureWorker() as worker:
        assert worker.process_id is None


async def test_a_dead_process_fails_its_task_and_is_replaced(worker: PictureWorker) -> None:
    await worker.check(picture())
    assert worker.process_id is not None
    os.kill(worker.process_id, signal.SIGSTOP)
    task = asyncio.create_task(worker.check(picture()))
    await asyncio.sleep(0.01)
    os.kill(worker.process_id, signal.SIGKILL)
    with pytest.raises(ImageDownload):
        await task
    assert (await worker.check(picture())).width == 40


async def test_a_hanging_process_is_ended_at_the_deadline() -> None:
    async with PictureWorker(seconds=5) as slow:
        await slow.check(picture())
        assert slow.process_id is not None
        os.kill(slow.process_id, signal.SIGSTOP)
        slow.seconds = 0.05
        with pytest.raises(ImageDownload):
            await slow.check(picture())
        assert slow.process_id is None


async def test_a_cancelled_task_leaves_no_answer_to_the_next(worker: PictureWorker) -> None:
    await worker.check(picture())
    task = asyncio.create_task(worker.check(picture((77, 77))))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await worker.check(picture())).width == 40


async def test_tasks_at_once_each_get_their_own_answer(worker: PictureWorker) -> None:
    sizes = [(n, n + 1) for n in range(1, 9)]
    found = await asyncio.gather(*(worker.check(picture(size)) for size in sizes))
    assert [(facts.width, facts.height) for facts in found] == sizes


async def test_it_is_gone_at_once_when_closed() -> None:
    worker = PictureWorker()
    await worker.check(picture())
    began, process = time.monotonic(), worker.process_id
    await worker.aclose()
    assert time.monotonic() - began < 1
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_closing_in_the_middle_of_tasks_fails_them_at_once() -> None:
    worker = PictureWorker()
    await worker.check(picture())
    assert worker.process_id is not None
    os.kill(worker.process_id, signal.SIGSTOP)
    tasks = [asyncio.create_task(worker.check(picture())) for _ in range(3)]
    await asyncio.sleep(0.01)
    await worker.aclose()
    failed = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in failed] == [ImageDownload] * 3


async def test_a_picture_that_wants_too_much_memory_is_refused(worker: PictureWorker) -> None:
    with pytest.raises(ImageDownload):
        await worker.fit(picture(), width=60_000, height=60_000, output_format="png")
    assert (await worker.check(picture())).width == 40


async def test_a_closed_worker_starts_nothing() -> None:
    worker = PictureWorker()
    await worker.aclose()
    with pytest.raises(ImageDownload):
        await worker.check(picture())


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
async def test_no_secret_of_the_environment_reaches_it(worker: PictureWorker) -> None:
    await worker.check(picture())
    assert environment_of(worker.process_id) <= {
        b"PYTHONPATH",
        b"PYTHONDONTWRITEBYTECODE",
        b"LC_CTYPE",
    }
