"""The life of one paid picture: submit, handle, polls, download, file. Every step is a commit."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from app.errors import (
    ImageDownload,
    ImageError,
    ImageExpired,
    ImageModerated,
    ImageProtocol,
    ImageProviderGone,
    ImageSubmitUnknown,
    ImageTimeout,
    StorageError,
)
from app.insistence import insist
from app.models import Image, ImageState
from app.orders import ImageRequest, JobHandle, JobState, JobStatus, PictureFile
from app.outcomes import cost_columns, recorded_error, status_error
from app.ports import Capabilities, Clock, ImageProvider, Store
from app.transactions import Transaction

log = logging.getLogger(__name__)

#: "Task not found" right after the submit: the vendor's cluster is slow (providers.md 1.3)
NOT_FOUND_GRACE = timedelta(seconds=10)
SUBMIT_TRIES = 3
PICTURE_TRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
FINISHED = frozenset(
    {
        ImageState.STORED,
        ImageState.REFUSED,
        ImageState.FAILED,
        ImageState.UNKNOWN,
        ImageState.LOST,
    }
)
#: ordered already: looking again brings the picture without another order
RESUMABLE = frozenset({ImageState.ACCEPTED, ImageState.READY, ImageState.STORED})
#: what another process makes of an order whose answer only this one has
_UNANSWERED = frozenset({ImageState.SUBMITTING, ImageState.UNKNOWN})

Progress = Callable[[ImageState, float | None], None]


class Fetch(Protocol):
    """Fetches a result under the rules of `net/fetch`."""

    async def __call__(self, url: str, *, trusted_hosts: frozenset[str]) -> bytes:
        """The bytes, or `ImageDownload` / `ImageExpired`."""


class Pictures(Protocol):
    """Turns a vendor's bytes into a checked file of the exact size and format."""

    async def store(
        self, data: bytes, *, width: int, height: int, output_format: str
    ) -> PictureFile:
        """The file, or `ImageDownload` for bytes that are no usable picture, `StorageFull`."""


class Painting:
    """One process's work on one image, from whatever state it is in."""

    def __init__(
        self,
        image: Image,
        *,
        store: Store,
        clock: Clock,
        provider: ImageProvider | None,
        fetch: Fetch,
        pictures: Pictures,
        on_progress: Progress | None,
    ) -> None:
        """`provider` is None when the vendor that was chosen is not set up any more."""
        self._image = image
        self._store = store
        self._clock = clock
        self._maybe_provider = provider
        self._fetch = fetch
        self._pictures = pictures
        self._progress = on_progress or _ignore
        self._asked_for_fresh_url = False

    @property
    def _provider(self) -> ImageProvider:
        if self._maybe_provider is None:
            raise ImageProviderGone(f"{self._image.provider} is not set up any more.")
        return self._maybe_provider

    @property
    def _capabilities(self) -> Capabilities:
        return self._provider.capabilities(self._image.model)

    async def to_the_end(self) -> Image:
        """Step until the picture is stored or an error says why it will not be."""
        if self._image.state is ImageState.SUBMITTING:
            await self._after_crashed_submit()
        while self._image.state is not ImageState.STORED:
            await self._step()
        return self._image

    async def _step(self) -> None:
        self._progress(self._image.state, None)
        match self._image.state:
            case ImageState.INTENDED:
                await self._submit()
            case ImageState.ACCEPTED:
                await self._poll()
            case ImageState.READY:
                await self._download()
            case _:
                raise recorded_error(self._image)

    async def _after_crashed_submit(self) -> None:
        """An order without an answer: again with the same key where that is safe, else unknown."""
        if self._capabilities.idempotent:
            await self._move(ImageState.INTENDED, deadline_at=self._unordered_deadline())
            return
        raise await self._fail(ImageState.UNKNOWN, ImageSubmitUnknown())

    async def _submit(self) -> None:
        provider = self._provider
        deadline = self._clock.now() + (self._image.deadline_at - self._image.created_at)
        for tries in range(1, SUBMIT_TRIES + 1):
            await self._move(ImageState.SUBMITTING, deadline_at=deadline)
            try:
                answer = await provider.submit(_request(self._image), key=order_key(self._image))
            except ImageError as error:
                await self._submit_failed(error, last=tries == SUBMIT_TRIES)
                continue
            await self._accept(answer)
            return

    async def _submit_failed(self, error: ImageError, *, last: bool) -> None:
        """Try again only what was certainly not accepted."""
        if isinstance(error, ImageSubmitUnknown):
            raise await self._fail(ImageState.UNKNOWN, error)
        if last or not error.retryable or self._pause(error) > self._seconds_left():
            refused = isinstance(error, ImageModerated)
            state = ImageState.REFUSED if refused else ImageState.FAILED
            raise await self._fail(state, error)
        await self._move(ImageState.INTENDED, deadline_at=self._unordered_deadline())
        await self._clock.sleep(self._pause(error))

    def _unordered_deadline(self) -> datetime:
        """Until it is ordered, the deadline says how long the wait may be from then on."""
        return self._image.created_at + (self._image.deadline_at - self._image.updated_at)

    async def _accept(self, answer: JobHandle | JobStatus) -> None:
        if isinstance(answer, JobStatus):
            await self._judge(answer)
            return
        await self._move_surely(
            ImageState.ACCEPTED,
            handle=answer.to_json(),
            request_id=answer.request_id,
            **cost_columns(answer.cost),
        )

    async def _poll(self) -> None:
        """Ask until the vendor is done; a poll that fails ends nothing, the deadline does."""
        handle = JobHandle.from_json(self._image.handle or {})
        accepted = self._image.updated_at
        usual = await self._usual()
        delay = max(self._capabilities.poll_floor, 0.5, 0.6 * usual if usual else 0.0)
        trouble: ImageError | None = None
        while True:
            await self._wait(delay, trouble)
            try:
                status = await self._provider.poll(handle)
                trouble = None
            except ImageError as error:
                log.warning("a poll of %s failed: %s", self._provider.name, error.code)
                trouble, delay = error, max(delay, self._pause(error))
                continue
            if not self._goes_on(status, accepted):
                if status.state is JobState.SUCCEEDED:
                    await self._learn(accepted)
                await self._judge(status)
                return
            self._progress(ImageState.ACCEPTED, status.progress)
            delay = self._next_delay(delay, usual, status.retry_after)

    async def _wait(self, delay: float, trouble: ImageError | None) -> None:
        left = self._seconds_left()
        if left <= 0:
            raise ImageTimeout(raw=trouble.raw if trouble else "Timeout")
        await self._clock.sleep(min(left, delay * random.uniform(0.9, 1.1)))

    def _next_delay(self, delay: float, usual: float | None, asked: float | None) -> float:
        floor = max(self._capabilities.poll_floor, asked or 0.0)
        if usual:
            return max(floor, 0.5, 0.05 * usual)
        return max(floor, min(2.0, delay * 1.15))

    def _goes_on(self, status: JobStatus, accepted: datetime) -> bool:
        if status.state is JobState.NOT_FOUND:
            return self._clock.now() - accepted < NOT_FOUND_GRACE
        return status.state is JobState.RUNNING

    async def _judge(self, status: JobStatus) -> None:
        """Turn a final status into the next committed state."""
        if status.state is JobState.SUCCEEDED:
            await self._succeed(status)
            return
        error = status_error(status)
        state = {
            JobState.MODERATED_INPUT: ImageState.REFUSED,
            JobState.MODERATED_OUTPUT: ImageState.REFUSED,
            JobState.NOT_FOUND: ImageState.LOST,
        }.get(status.state, ImageState.FAILED)
        raise await self._fail(state, error)

    async def _succeed(self, status: JobStatus) -> None:
        facts = cost_columns(status.cost)
        if status.seed is not None:
            facts["seed"] = status.seed
        if isinstance(status.output, bytes):
            try:
                await self._keep(status.output, facts)
            except ImageDownload as error:
                raise await self._fail(ImageState.FAILED, error) from error
            return
        if not status.output:
            raise await self._fail(ImageState.FAILED, ImageProtocol(raw=status.raw_status))
        minutes = self._capabilities.result_minutes
        expires = self._clock.now() + timedelta(minutes=minutes) if minutes else None
        await self._move_surely(
            ImageState.READY, result_url=status.output, result_expires_at=expires, **facts
        )

    async def _download(self) -> None:
        """Fetch and keep it; bytes that are no picture are told, and stay within reach."""
        for tries in range(1, PICTURE_TRIES + 1):
            data = await self._fetched()
            if data is None:
                return
            try:
                await self._keep(data, {})
            except ImageDownload:
                if tries == PICTURE_TRIES:
                    raise
                await self._clock.sleep(FIRST_PAUSE)
            else:
                return

    async def _fetched(self) -> bytes | None:
        """The bytes, however long an outage lasts; None when the address is dead."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._fetch(
                    str(self._image.result_url), trusted_hosts=self._provider.trusted_hosts
                )
            except ImageExpired as error:
                await self._url_died(error)
                return None
            except ImageDownload as error:
                await self._download_failed(error, pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _download_failed(self, error: ImageDownload, pause: float) -> None:
        """It is paid: given up only when the vendor no longer has it, left READY until then."""
        expires, left = self._image.result_expires_at, self._seconds_left()
        if expires is not None:
            kept = (expires - self._clock.now()).total_seconds()
            if kept <= 0:
                raise await self._fail(ImageState.LOST, error)
            pause = min(pause, kept)
        if left <= 0:
            raise ImageTimeout(raw=error.raw)
        await self._clock.sleep(min(pause, left))

    async def _url_died(self, error: ImageExpired) -> None:
        """Ask the vendor for a fresh URL, once."""
        expires = self._image.result_expires_at
        over = expires is not None and expires < self._clock.now()
        if self._asked_for_fresh_url or self._image.handle is None or over:
            raise await self._fail(ImageState.LOST, error)
        self._asked_for_fresh_url = True
        await self._move(ImageState.ACCEPTED, result_url=None, result_expires_at=self._clock.now())

    async def _keep(self, data: bytes, facts: dict[str, Any]) -> None:
        image = self._image
        picture = await self._pictures.store(
            data, width=image.width, height=image.height, output_format=image.output_format
        )
        await self._move_surely(
            ImageState.STORED,
            path=Path(picture.path).name,
            mime=picture.mime,
            file_size=picture.file_size,
            real_width=picture.width,
            real_height=picture.height,
            result_url=None,
            **facts,
        )

    async def _usual(self) -> float | None:
        async with self._store.read() as tx:
            return await tx.paces.usual(_pace_key(self._image))

    async def _learn(self, accepted: datetime) -> None:
        """Take a picture into account that was watched from its order on, by one process."""
        if self._image.fence > 1 or self._asked_for_fresh_url:
            return
        seconds = (self._clock.now() - accepted).total_seconds()
        try:
            async with self._store.write() as tx:
                await tx.paces.learn(_pace_key(self._image), seconds)
        except StorageError as error:
            log.warning("the pace of %s was not learnt: %s", self._image.provider, error)

    async def _move(self, state: ImageState, **changes: Any) -> None:
        """One committed step."""
        now = self._clock.now()
        async with self._store.write() as tx:
            self._image = await tx.images.move(self._image, state=state, updated_at=now, **changes)

    async def _move_surely(self, state: ImageState, **changes: Any) -> None:
        """A step that was paid for: nobody else knows what it writes, so it must not get lost."""

        async def write(tx: Transaction) -> Image:
            read, now = self._image, self._clock.now()
            if read.state is ImageState.SUBMITTING:
                row = await tx.images.get(read.id)
                if row.state in _UNANSWERED:
                    # Taken from us by a clock that jumped; without the answer nobody can go on.
                    read, changes["error_code"], changes["error_text"] = row, None, None
            return await tx.images.move(read, state=state, updated_at=now, **changes)

        self._image = await insist(self._store, self._clock, write)

    async def _fail(self, state: ImageState, error: ImageError) -> ImageError:
        """Write down why there will be no picture; the error, to be raised."""
        await self._move(
            state,
            error_code=error.code,
            error_text=error.raw,
            request_id=error.request_id or self._image.request_id,
        )
        return error

    def _seconds_left(self) -> float:
        return (self._image.deadline_at - self._clock.now()).total_seconds()

    def _pause(self, error: ImageError) -> float:
        asked = error.retry_after.total_seconds() if error.retry_after else 0.0
        return max(1.0, self._capabilities.poll_floor, asked)


def order_key(image: Image) -> str:
    """The idempotency key: the same after a restart, another one in a fresh database."""
    return f"image-{image.id}-{round(image.created_at.timestamp() * 1000)}"


def _request(image: Image) -> ImageRequest:
    return ImageRequest(
        prompt=image.prompt,
        width=image.width,
        height=image.height,
        output_format=image.output_format,
        model=image.model,
        seed=image.seed,
    )


def _pace_key(image: Image) -> str:
    megapixels = max(1, round(image.width * image.height / 1_000_000))
    return f"{image.provider}/{image.model}/{megapixels}mp"


def _ignore(_state: ImageState, _fraction: float | None) -> None:
    """No progress was asked for."""
