"""One paid picture from wherever it stands to its end, against a vendor on loopback."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from app.errors import (
    ImageAuth,
    ImageDownload,
    ImageError,
    ImageInvalid,
    ImageProviderGone,
    ImageSubmitUnknown,
    ImageTimeout,
    Stale,
    StorageBusy,
)
from app.images import LEASE, Studio
from app.models import Image, ImageState
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.orders import ImageRequest, JobState, JobStatus
from app.painting import order_key
from app.pictures.gallery import Gallery
from app.ports import Capabilities, Store
from app.providers.bfl import BflProvider
from app.providers.offline import OfflineProvider
from app.transactions import Transaction
from tests.fakes.desk import Desk, HereWorker, bfl_on, open_desk
from tests.fakes.vendor import Fault, Plan, Vendor

ASKED = ImageRequest(prompt="A sensor in a field", width=250, height=200, output_format="png")
READY = {"status": "Ready"}
PENDING = {"status": "Pending"}


async def intend(desk: Desk, request: ImageRequest = ASKED, *, seconds: float = 120) -> Image:
    async with desk.store.write() as tx:
        return await desk.studio.intend(tx, request, max_wait_seconds=seconds)


async def put(desk: Desk, **columns: Any) -> Image:
    """An image row as a crash may have left it."""
    image = await intend(desk)
    async with desk.store.write() as tx:
        return await tx.images.touch(image.id, **{"fence": 1, **columns})


def submits(vendor: Vendor) -> int:
    return len(vendor.ledger.of("submit"))


async def reached(vendor: Vendor, kind: str) -> None:
    """Return once such a request is in the vendor's ledger."""
    async with asyncio.timeout(5):
        while not vendor.ledger.of(kind):  # noqa: ASYNC110 - the ledger rings no bell
            await asyncio.sleep(0.001)


async def left_accepted(desk: Desk, vendor: Vendor) -> Image:
    """A picture whose order reached the vendor before the program died."""
    vendor.plan(Plan(answers=(PENDING,)))
    image = await intend(desk, seconds=2)
    with pytest.raises(ImageTimeout):
        await desk.studio.finish(image.id)
    return await desk.image(image.id)


async def test_a_picture_is_painted_fitted_and_kept(desk: Desk, paint_vendor: Vendor) -> None:
    """250 x 200 is no size the vendor paints, so a larger one is cut to it."""
    image = await intend(desk)
    done = await desk.studio.finish(image.id)
    assert (done.state, done.real_width, done.real_height) == (ImageState.STORED, 250, 200)
    with Pillow.open(desk.studio.path(done)) as picture:
        assert (picture.size, picture.format) == ((250, 200), "PNG")
    assert done.file_size == desk.studio.path(done).stat().st_size
    (order,) = paint_vendor.ledger.of("submit")
    assert order.detail["body"]["width"] % 16 == 0


@pytest.mark.parametrize("size", [[250, 200], [640, 640], [100, 90], [64, 400]])
async def test_a_picture_of_the_wrong_size_is_fitted_exactly(
    desk: Desk, paint_vendor: Vendor, size: list[int]
) -> None:
    paint_vendor.plan(Plan(picture={"size": size, "format": "WEBP"}))
    done = await desk.studio.finish((await intend(desk)).id)
    with Pillow.open(desk.studio.path(done)) as picture:
        assert (picture.size, picture.format) == ((250, 200), "PNG")


async def test_what_the_vendor_told_is_written_down(desk: Desk, paint_vendor: Vendor) -> None:
    done = await desk.studio.finish((await intend(desk, replace(ASKED, seed=7))).id)
    (order,) = paint_vendor.ledger.of("submit")
    assert order.detail["body"]["seed"] == 7
    assert (done.seed, done.cost_amount, done.cost_unit, done.cost_basis) == (
        7,
        3.0,
        "bfl_credit",
        "reported",
    )


async def test_an_order_without_a_polling_address_is_asked_for_by_its_id(
    desk: Desk, paint_vendor: Vendor
) -> None:
    """The documentation shows both replies to an order."""
    paint_vendor.plan(Plan(order={"polling_url": None, "cost": None}))
    done = await desk.studio.finish((await intend(desk)).id)
    assert (done.state, done.cost_basis) == (ImageState.STORED, "estimated")


async def test_progress_is_told_in_the_order_of_the_steps(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.plan(Plan(answers=(PENDING, {"status": "Pending", "progress": 0.5}, READY)))
    told: list[tuple[ImageState, float | None]] = []
    image = await intend(desk)
    await desk.studio.finish(image.id, on_progress=lambda *step: told.append(step))
    assert told == [
        (ImageState.INTENDED, None),
        (ImageState.ACCEPTED, None),
        (ImageState.ACCEPTED, None),
        (ImageState.ACCEPTED, 0.5),
        (ImageState.READY, None),
    ]


@pytest.mark.parametrize(
    "status,state,code,billed",
    [
        ("Request Moderated", ImageState.REFUSED, "moderated_input", False),
        ("Content Moderated", ImageState.REFUSED, "moderated_output", True),
        ("Error", ImageState.FAILED, "failed", False),
    ],
)
async def test_a_vendors_no_ends_it_with_the_vendors_words(
    desk: Desk, paint_vendor: Vendor, status: str, state: ImageState, code: str, billed: bool
) -> None:
    paint_vendor.plan(Plan(answers=(PENDING, {"status": status})))
    image = await intend(desk)
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    assert (caught.value.raw, caught.value.code, caught.value.maybe_billed) == (
        status,
        code,
        billed,
    )
    row = await desk.image(image.id)
    assert (row.state, row.error_code, row.error_text) == (state, code, status)
    assert submits(paint_vendor) == 1


async def test_a_job_not_found_yet_is_given_ten_seconds(desk: Desk, paint_vendor: Vendor) -> None:
    missing = {"status": "Task not found"}
    paint_vendor.plan(Plan(answers=(missing, missing, missing, READY)))
    assert (await desk.studio.finish((await intend(desk)).id)).state is ImageState.STORED


async def test_a_job_never_found_is_lost_before_the_deadline(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.plan(Plan(answers=({"status": "Task not found"},)))
    image, began = await intend(desk), desk.clock.now()
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    assert (caught.value.code, (await desk.image(image.id)).state) == (
        "not_found",
        ImageState.LOST,
    )
    assert timedelta(seconds=10) <= desk.clock.now() - began <= timedelta(seconds=14)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="poll", do="answer", status=500, body={"detail": "oops"}),
        Fault(on="poll", do="answer", status=502, text="<html>Bad gateway</html>"),
        Fault(on="poll", do="answer", status=200, text="<html>maintenance</html>"),
        Fault(on="poll", do="answer", status=200, body=None),
        Fault(on="poll", do="answer", status=200, body=["a", "list"]),
        Fault(on="poll", do="answer", status=401, body={"detail": "Not authenticated"}),
        Fault(on="poll", do="answer", status=429, body={}, headers={"Retry-After": "4"}),
        Fault(on="poll", do="reset"),
        Fault(on="poll", do="cut"),
        Fault(on="poll", do="hang"),
        Fault(on="poll", do="gzip"),
    ],
    ids=lambda fault: f"{fault.do}-{fault.status}-{'text' if fault.text else fault.body}",
)
async def test_a_poll_that_fails_ends_nothing(
    desk: Desk, paint_vendor: Vendor, fault: Fault
) -> None:
    paint_vendor.fail(fault)
    assert (await desk.studio.finish((await intend(desk)).id)).state is ImageState.STORED
    assert submits(paint_vendor) == 1


async def test_a_vendor_that_asks_for_a_pause_gets_it(desk: Desk, paint_vendor: Vendor) -> None:
    paint_vendor.fail(
        Fault(on="poll", do="answer", status=429, body={}, headers={"Retry-After": "40"})
    )
    await desk.studio.finish((await intend(desk)).id)
    assert any(36 <= seconds <= 44 for seconds in desk.clock.slept)


async def test_the_deadline_ends_the_wait_and_leaves_the_job_to_be_resumed(
    desk: Desk, paint_vendor: Vendor
) -> None:
    image = await left_accepted(desk, paint_vendor)
    assert (image.state, image.lease_until, image.error_code) == (ImageState.ACCEPTED, None, None)
    paint_vendor.jobs[str((image.handle or {})["job_id"])].plan = Plan(answers=(READY,))
    assert (await desk.studio.finish(image.id)).state is ImageState.STORED
    assert submits(paint_vendor) == 1


async def test_the_deadline_is_kept(desk: Desk, paint_vendor: Vendor) -> None:
    """However a vendor answers: the wait is as long as was asked for."""
    paint_vendor.plan(Plan(answers=(PENDING,)))
    image, began = await intend(desk, seconds=30), desk.clock.now()
    with pytest.raises(ImageTimeout):
        await desk.studio.finish(image.id)
    assert (desk.clock.now() - began).total_seconds() == pytest.approx(30)


async def test_a_resumed_job_gets_time_however_late_the_restart(
    desk: Desk, paint_vendor: Vendor
) -> None:
    image = await left_accepted(desk, paint_vendor)
    desk.clock.advance(timedelta(hours=2))
    paint_vendor.jobs[str((image.handle or {})["job_id"])].plan = Plan(
        answers=(*[PENDING] * 8, READY)
    )
    assert (await desk.studio.finish(image.id)).state is ImageState.STORED


@pytest.mark.parametrize("status", [429, 503])
async def test_an_order_that_was_not_taken_is_sent_again(
    desk: Desk, paint_vendor: Vendor, status: int
) -> None:
    paint_vendor.fail(
        Fault(on="submit", do="answer", status=status, nth=1, body={"detail": "later"}),
        Fault(on="submit", do="answer", status=status, nth=2, body={"detail": "later"}),
    )
    assert (await desk.studio.finish((await intend(desk)).id)).state is ImageState.STORED
    assert (submits(paint_vendor), len(paint_vendor.ledger.of("charge"))) == (3, 1)


@pytest.mark.parametrize("status,code", [(429, "rate_limited"), (503, "unavailable")])
async def test_an_order_is_sent_three_times_at_most(
    desk: Desk, paint_vendor: Vendor, status: int, code: str
) -> None:
    paint_vendor.fail(
        Fault(on="submit", do="answer", status=status, nth=None, body={"detail": "later"})
    )
    image = await intend(desk)
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    row = await desk.image(image.id)
    assert (caught.value.code, row.state, row.error_code) == (code, ImageState.FAILED, code)
    assert submits(paint_vendor) == 3


async def test_a_pause_longer_than_the_deadline_is_not_begun(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(
        Fault(on="submit", do="answer", status=429, body={}, headers={"Retry-After": "900"})
    )
    with pytest.raises(ImageError):
        await desk.studio.finish((await intend(desk)).id)
    assert (submits(paint_vendor), desk.clock.slept) == (1, [])


async def test_a_definite_refusal_is_not_tried_again(desk: Desk, paint_vendor: Vendor) -> None:
    paint_vendor.key = "another"
    image = await intend(desk)
    with pytest.raises(ImageAuth):
        await desk.studio.finish(image.id)
    assert ((await desk.image(image.id)).state, submits(paint_vendor)) == (ImageState.FAILED, 1)


@pytest.mark.parametrize("do", ["hang", "reset", "cut"])
@pytest.mark.parametrize("accepted", [True, False])
async def test_an_order_whose_answer_never_came_is_unknown_and_never_sent_again(
    desk: Desk, paint_vendor: Vendor, do: str, accepted: bool
) -> None:
    paint_vendor.fail(Fault(on="submit", do=do, accepted=accepted))
    image = await intend(desk)
    for _ in range(2):
        with pytest.raises(ImageSubmitUnknown) as caught:
            await desk.studio.finish(image.id)
        assert caught.value.maybe_billed
    assert ((await desk.image(image.id)).state, submits(paint_vendor)) == (ImageState.UNKNOWN, 1)


async def test_an_expired_address_is_asked_for_anew(desk: Desk, paint_vendor: Vendor) -> None:
    paint_vendor.fail(Fault(on="download", do="answer", status=403, text="expired"))
    assert (await desk.studio.finish((await intend(desk)).id)).state is ImageState.STORED
    assert (submits(paint_vendor), len(paint_vendor.ledger.of("download"))) == (1, 2)


async def test_an_address_that_is_dead_again_makes_the_picture_lost(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(Fault(on="download", do="answer", status=403, nth=None, text="expired"))
    image = await intend(desk)
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    assert (caught.value.code, caught.value.maybe_billed) == ("expired", True)
    assert (await desk.image(image.id)).state is ImageState.LOST
    assert len(paint_vendor.ledger.of("download")) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="download", do="answer", status=500, nth=None, text="oops"),
        Fault(on="download", do="reset", nth=None),
        Fault(on="download", do="cut", nth=None),
    ],
    ids=lambda fault: fault.do,
)
async def test_a_picture_that_cannot_be_fetched_in_time_stays_within_reach(
    desk: Desk, paint_vendor: Vendor, fault: Fault
) -> None:
    """It is paid, and the vendor keeps it for ten minutes."""
    paint_vendor.fail(fault)
    image, began = await intend(desk), desk.clock.now()
    with pytest.raises(ImageTimeout):
        await desk.studio.finish(image.id)
    assert (await desk.image(image.id)).state is ImageState.READY
    assert (desk.clock.now() - began).total_seconds() == pytest.approx(120)
    paint_vendor.clear()
    assert (await desk.studio.finish(image.id)).state is ImageState.STORED
    assert submits(paint_vendor) == 1


async def test_a_download_outage_is_waited_out_with_growing_pauses(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(*(Fault(on="download", do="reset", nth=n) for n in range(1, 8)))
    assert (await desk.studio.finish((await intend(desk)).id)).state is ImageState.STORED
    assert desk.clock.slept[-7:] == [0.5, 1, 2, 4, 8, 10, 10]


async def test_a_picture_that_cannot_be_fetched_while_the_vendor_keeps_it_is_lost(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(Fault(on="download", do="reset", nth=None))
    image, began = await intend(desk, seconds=3600), desk.clock.now()
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    assert (caught.value.code, (await desk.image(image.id)).state) == ("download", ImageState.LOST)
    assert timedelta(minutes=10) <= desk.clock.now() - began <= timedelta(minutes=11)


async def test_bytes_that_are_no_picture_are_none(desk: Desk, paint_vendor: Vendor) -> None:
    paint_vendor.plan(Plan(picture={"text": "<html>sorry</html>"}))
    image = await intend(desk)
    with pytest.raises(ImageDownload):
        await desk.studio.finish(image.id)
    assert (await desk.image(image.id)).state is ImageState.READY
    assert len(paint_vendor.ledger.of("download")) == 3
    assert sorted(path.name for path in desk.folder.iterdir() if "flux" in path.name) == []


async def test_a_fetch_that_works_at_the_second_try_is_enough(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(Fault(on="download", do="reset"))
    assert (await desk.studio.finish((await intend(desk)).id)).state is ImageState.STORED


async def test_a_poll_that_says_ready_and_gives_nothing_is_one_that_failed(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.plan(Plan(answers=({"status": "Ready", "result": {}}, READY)))
    assert (await desk.studio.finish((await intend(desk)).id)).state is ImageState.STORED


async def test_what_ended_stays_ended(desk: Desk, paint_vendor: Vendor) -> None:
    """A job delivered twice costs no second call."""
    image = await desk.studio.finish((await intend(desk)).id)
    calls = len(paint_vendor.ledger.as_json())
    again = await desk.studio.finish(image.id)
    assert (again.path, again.updated_at) == (image.path, image.updated_at)
    assert len(paint_vendor.ledger.as_json()) == calls


ENDS = [
    (ImageState.REFUSED, "moderated_output", True, False),
    (ImageState.FAILED, "insufficient_credits", False, False),
    (ImageState.UNKNOWN, "submit_unknown", True, False),
    (ImageState.LOST, "expired", True, False),
    (ImageState.FAILED, "rate_limited", False, True),
]


@pytest.mark.parametrize("state,code,billed,retryable", ENDS)
async def test_an_end_is_told_again_as_it_was(
    desk: Desk,
    paint_vendor: Vendor,
    state: ImageState,
    code: str,
    billed: bool,
    retryable: bool,
) -> None:
    image = await put(desk, state=state, error_code=code, error_text="the vendor's words")
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    error = caught.value
    assert (error.code, error.raw, error.maybe_billed, error.retryable) == (
        code,
        "the vendor's words",
        billed,
        retryable,
    )
    assert paint_vendor.ledger.as_json() == []


async def test_left_intended_it_is_ordered(desk: Desk, paint_vendor: Vendor) -> None:
    image = await put(desk, state=ImageState.INTENDED)
    assert (await desk.studio.finish(image.id)).state is ImageState.STORED
    assert submits(paint_vendor) == 1


async def test_left_submitting_it_is_unknown(desk: Desk, paint_vendor: Vendor) -> None:
    """The order may have arrived; only a person may risk paying twice."""
    image = await put(desk, state=ImageState.SUBMITTING)
    with pytest.raises(ImageSubmitUnknown):
        await desk.studio.finish(image.id)
    assert ((await desk.image(image.id)).state, submits(paint_vendor)) == (ImageState.UNKNOWN, 0)


class SafeTwice(BflProvider):
    """As if BFL took idempotency keys; remembers those it was given."""

    keys: list[str]

    def capabilities(self, model: str) -> Capabilities:
        return replace(super().capabilities(model), idempotent=True)

    async def submit(self, request: ImageRequest, *, key: str) -> Any:
        self.keys = [*getattr(self, "keys", []), key]
        return await super().submit(request, key=key)


class AtOnce(BflProvider):
    """As a vendor that answers an order with the picture itself."""

    status = JobStatus(state=JobState.FAILED, raw_status="not set")

    async def submit(self, request: ImageRequest, *, key: str) -> Any:
        return self.status


async def desk_of(
    kind: type[BflProvider], folder: Path, vendor: Vendor, net: NetClient
) -> AsyncIterator[tuple[Desk, BflProvider]]:
    async with (
        bfl_on(vendor, net, kind=kind) as provider,
        open_desk(folder, providers={"bfl": provider}, net=net) as desk,
    ):
        yield desk, provider


@pytest.fixture
async def safe_twice(
    folder: Path, paint_vendor: Vendor, paint_net: NetClient
) -> AsyncIterator[tuple[Desk, SafeTwice]]:
    async for desk, provider in desk_of(SafeTwice, folder, paint_vendor, paint_net):
        assert isinstance(provider, SafeTwice)
        yield desk, provider


@pytest.fixture
async def at_once(
    folder: Path, paint_vendor: Vendor, paint_net: NetClient
) -> AsyncIterator[tuple[Desk, AtOnce]]:
    async for desk, provider in desk_of(AtOnce, folder, paint_vendor, paint_net):
        assert isinstance(provider, AtOnce)
        yield desk, provider


async def test_left_submitting_at_a_vendor_with_keys_it_is_ordered_with_the_same_key(
    safe_twice: tuple[Desk, SafeTwice],
) -> None:
    desk, provider = safe_twice
    first = await desk.studio.finish((await intend(desk)).id)
    image = await put(desk, state=ImageState.SUBMITTING)
    done = await desk.studio.finish(image.id)
    assert done.state is ImageState.STORED
    assert provider.keys == [order_key(first), order_key(image)]


async def test_the_same_number_in_a_fresh_database_has_another_key(desk: Desk) -> None:
    """The vendor would answer with the picture of the old one."""
    image = await intend(desk)
    later = replace(image, created_at=image.created_at + timedelta(days=1))
    assert order_key(image) != order_key(later)


def a_picture() -> bytes:
    stream = io.BytesIO()
    Pillow.new("RGB", (300, 300), "teal").save(stream, "PNG")
    return stream.getvalue()


async def test_a_vendor_that_answers_at_once_needs_no_poll(
    at_once: tuple[Desk, AtOnce], paint_vendor: Vendor
) -> None:
    desk, provider = at_once
    provider.status = JobStatus(
        state=JobState.SUCCEEDED, raw_status="Ready", output=a_picture(), seed=9
    )
    done = await desk.studio.finish((await intend(desk)).id)
    assert (done.state, done.seed, done.real_width) == (ImageState.STORED, 9, 250)
    assert paint_vendor.ledger.as_json() == []


async def test_a_picture_at_once_that_is_none_is_a_failure(at_once: tuple[Desk, AtOnce]) -> None:
    desk, provider = at_once
    provider.status = JobStatus(state=JobState.SUCCEEDED, raw_status="Ready", output=b"none")
    image = await intend(desk)
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    row = await desk.image(image.id)
    assert (caught.value.code, row.state, row.error_code) == (
        "download",
        ImageState.FAILED,
        "download",
    )


async def test_success_at_once_without_a_picture_is_a_failure(
    at_once: tuple[Desk, AtOnce],
) -> None:
    desk, provider = at_once
    provider.status = JobStatus(state=JobState.SUCCEEDED, raw_status="Ready")
    image = await intend(desk)
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    assert (caught.value.code, (await desk.image(image.id)).state) == (
        "protocol",
        ImageState.FAILED,
    )


async def test_a_refusal_at_once_is_a_refusal(at_once: tuple[Desk, AtOnce]) -> None:
    desk, provider = at_once
    provider.status = JobStatus(state=JobState.MODERATED_INPUT, raw_status="NSFW")
    image = await intend(desk)
    with pytest.raises(ImageError, match="NSFW"):
        await desk.studio.finish(image.id)
    assert (await desk.image(image.id)).state is ImageState.REFUSED


async def test_left_ready_it_is_only_fetched(desk: Desk, paint_vendor: Vendor) -> None:
    paint_vendor.fail(Fault(on="download", do="hang"))
    image = await intend(desk)
    task = asyncio.create_task(desk.studio.finish(image.id))
    await reached(paint_vendor, "download")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await desk.image(image.id)).state is ImageState.READY
    paint_vendor.clear()
    polls = len(paint_vendor.ledger.of("poll"))
    assert (await desk.studio.finish(image.id)).state is ImageState.STORED
    assert (submits(paint_vendor), len(paint_vendor.ledger.of("poll"))) == (1, polls)


async def test_left_ready_too_long_it_is_lost(desk: Desk, paint_vendor: Vendor) -> None:
    """The address had ten minutes; what the vendor deleted cannot be asked for again."""
    paint_vendor.fail(Fault(on="download", do="answer", status=404, nth=None, text="gone"))
    image = await put(
        desk,
        state=ImageState.READY,
        result_url=f"{desk.folder}/nothing",
        result_expires_at=desk.clock.now() - timedelta(minutes=1),
    )
    with pytest.raises(ImageError) as caught:
        await desk.studio.finish(image.id)
    assert caught.value.maybe_billed
    assert (await desk.image(image.id)).state is ImageState.LOST


@pytest.mark.parametrize("state", [ImageState.INTENDED, ImageState.ACCEPTED, ImageState.READY])
async def test_without_its_provider_a_picture_waits_where_it_is(
    desk: Desk, folder: Path, paint_net: NetClient, state: ImageState
) -> None:
    """The key was taken out of `.env`: nothing is sent, and nothing is given up."""
    image = await put(desk, state=state, handle={"provider": "bfl", "model": "m", "job_id": "1"})
    left = {"offline": OfflineProvider(HereWorker())}
    async with open_desk(folder, providers=left, net=paint_net, order=("offline",)) as other:
        with pytest.raises(ImageProviderGone, match="bfl is not set up any more"):
            await other.studio.finish(image.id)
    assert (await desk.image(image.id)).state is state


async def test_a_picture_in_somebodys_hands_is_left_to_them(
    desk: Desk, paint_vendor: Vendor
) -> None:
    image = await put(desk, owner="run:other", lease_until=desk.clock.now() + LEASE)
    with pytest.raises(Stale):
        await desk.studio.finish(image.id)
    assert paint_vendor.ledger.as_json() == []
    desk.clock.advance(LEASE)
    assert (await desk.studio.finish(image.id)).state is ImageState.STORED


async def test_of_two_workers_one_orders(desk: Desk, paint_vendor: Vendor) -> None:
    image = await intend(desk)
    ends = await asyncio.gather(
        *(desk.studio.finish(image.id) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(end, Stale) for end in ends) == 4
    assert submits(paint_vendor) == 1


async def test_the_lease_is_renewed_while_the_work_goes_on(
    desk: Desk, paint_vendor: Vendor
) -> None:
    """Half a minute of polls is longer than one lease."""
    paint_vendor.plan(Plan(answers=(*[PENDING] * 25, READY)))
    image = await intend(desk)
    began = desk.clock.now()
    ends: list[datetime] = []

    async def watch() -> None:
        row = await desk.image(image.id)
        ends.extend([row.lease_until] if row.lease_until else [])

    tasks: list[asyncio.Task[None]] = []
    await desk.studio.finish(
        image.id, on_progress=lambda *_: tasks.append(asyncio.create_task(watch()))
    )
    await asyncio.gather(*tasks)
    assert max(ends) > began + LEASE
    assert (await desk.image(image.id)).lease_until is None


async def test_a_worker_whose_lease_was_taken_over_writes_nothing_more(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.plan(Plan(answers=(*[PENDING] * 3, READY)))
    image = await intend(desk)

    async def take_over() -> None:
        async with desk.store.write() as tx:
            row = await tx.images.get(image.id)
            await tx.images.touch(image.id, fence=row.fence + 1, owner="run:other")

    tasks: list[asyncio.Task[None]] = []

    def on_progress(state: ImageState, _: float | None) -> None:
        if state is ImageState.ACCEPTED and not tasks:
            tasks.append(asyncio.create_task(take_over()))

    with pytest.raises(Stale):
        await desk.studio.finish(image.id, on_progress=on_progress)
    row = await desk.image(image.id)
    assert (row.state, row.owner) == (ImageState.ACCEPTED, "run:other")


async def test_a_worker_that_is_cancelled_gives_the_picture_back(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(Fault(on="poll", do="hang", nth=None))
    image = await intend(desk)
    task = asyncio.create_task(desk.studio.finish(image.id))
    await reached(paint_vendor, "poll")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    row = await desk.image(image.id)
    assert (row.state, row.lease_until) == (ImageState.ACCEPTED, None)


async def usual(desk: Desk) -> float | None:
    async with desk.store.read() as tx:
        return await tx.paces.usual("bfl/flux-2-pro/1mp")


async def test_the_pace_is_learnt_and_used_for_the_first_poll(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.plan(Plan(answers=(*[PENDING] * 6, READY)))
    await desk.studio.finish((await intend(desk)).id)
    learnt = await usual(desk)
    assert learnt is not None
    assert learnt > 4
    desk.clock.slept.clear()
    await desk.studio.finish((await intend(desk)).id)
    assert desk.clock.slept[0] == pytest.approx(0.6 * learnt, rel=0.11)


async def test_a_restart_teaches_no_pace(desk: Desk, paint_vendor: Vendor) -> None:
    """An hour of standing still would make every later picture wait for its deadline."""
    image = await left_accepted(desk, paint_vendor)
    desk.clock.advance(timedelta(hours=1))
    paint_vendor.jobs[str((image.handle or {})["job_id"])].plan = Plan(answers=(READY,))
    await desk.studio.finish(image.id)
    assert await usual(desk) is None


async def test_a_refusal_teaches_no_pace(desk: Desk, paint_vendor: Vendor) -> None:
    paint_vendor.plan(Plan(answers=({"status": "Request Moderated"},)))
    with pytest.raises(ImageError):
        await desk.studio.finish((await intend(desk)).id)
    assert await usual(desk) is None


async def test_an_unknown_provider_is_named_with_the_known_ones(desk: Desk) -> None:
    with pytest.raises(ImageInvalid, match=r"'dalle' \(known: bfl\)"):
        desk.studio.plan(ASKED, provider="dalle")


@pytest.mark.parametrize(
    "configured,used",
    [("flux-2-max", "flux-2-max"), ("preview", "flux-2-pro"), (None, "flux-2-pro")],
)
async def test_a_configured_model_is_used_where_the_provider_has_it(
    desk: Desk, painter: BflProvider, configured: str | None, used: str
) -> None:
    studio = Studio(
        store=desk.store,
        clock=desk.clock,
        providers={"bfl": painter},
        order=("bfl",),
        model=configured,
        fetch=no_fetch,
        pictures=Gallery(HereWorker(), folder=desk.folder, clock=desk.clock),
        folder=desk.folder,
        owner="run:x",
    )
    assert studio.plan(ASKED).model == used
    assert studio.plan(replace(ASKED, model="flux-2-klein-4b")).model == "flux-2-klein-4b"


async def no_fetch(url: str, *, trusted_hosts: frozenset[str]) -> bytes:
    raise AssertionError(url)


async def test_what_no_provider_can_paint_is_refused_before_anything_is_written(
    desk: Desk,
) -> None:
    with pytest.raises(ImageInvalid):
        await intend(desk, replace(ASKED, output_format="gif"))
    async with desk.store.read() as tx:
        assert await tx.images.find() == []


async def test_an_order_long_after_the_intent_gets_its_whole_time(
    desk: Desk, paint_vendor: Vendor
) -> None:
    """The program stood still between the two; the vendor did not."""
    image = await put(desk, state=ImageState.INTENDED)
    desk.clock.advance(timedelta(hours=5))
    began = desk.clock.now()
    paint_vendor.plan(Plan(answers=(PENDING,)))
    with pytest.raises(ImageTimeout):
        await desk.studio.finish(image.id)
    assert (desk.clock.now() - began).total_seconds() == pytest.approx(120)


async def test_an_order_that_was_put_off_gets_its_whole_time_after_a_restart(
    desk: Desk, paint_vendor: Vendor
) -> None:
    """Killed in the pause after a 503, the row says how long it wanted to wait, not until when."""
    image = await put(desk, state=ImageState.INTENDED)
    desk.clock.advance(timedelta(hours=5))
    paint_vendor.fail(Fault(on="submit", do="answer", status=503, body={"detail": "later"}))
    waits: list[timedelta] = []

    async def watch() -> None:
        row = await desk.image(image.id)
        if row.state is ImageState.INTENDED:
            waits.append(row.deadline_at - row.created_at)

    sleep = asyncio.create_task(desk.studio.finish(image.id))
    while not sleep.done():
        await watch()
    assert set(waits) == {timedelta(seconds=120)}


async def test_a_vendor_that_is_asked_slowly_is_asked_slowly_from_the_start(
    folder: Path, paint_vendor: Vendor, paint_net: NetClient
) -> None:
    async for desk, _provider in desk_of(Slow, folder, paint_vendor, paint_net):
        await desk.studio.finish((await intend(desk)).id)
        assert desk.clock.slept[0] >= 0.9 * 7


class Slow(BflProvider):
    """As a vendor that wants seven seconds between two questions."""

    def capabilities(self, model: str) -> Capabilities:
        return replace(super().capabilities(model), poll_floor=7.0)


@pytest.mark.parametrize("deep", ["[" * 600 + "]" * 600, '{"detail":' * 600 + "1" + "}" * 600])
async def test_a_refusal_nested_too_deep_is_a_refusal(
    desk: Desk, paint_vendor: Vendor, deep: str
) -> None:
    paint_vendor.fail(Fault(on="submit", do="answer", status=400, text=deep))
    image = await intend(desk)
    with pytest.raises(ImageInvalid):
        await desk.studio.finish(image.id)


class BusyStore:
    """A database that refuses the next commits when told so."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.refusals = 0

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        return self._store.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        async with self._store.write() as tx:
            yield tx
            if self.refusals:
                self.refusals -= 1
                raise StorageBusy


class Interrupted(BflProvider):
    """Something happens between the vendor's answer and its being written down."""

    happens: Callable[[], Awaitable[None]] | None = None

    async def submit(self, request: ImageRequest, *, key: str) -> Any:
        answer = await super().submit(request, key=key)
        if self.happens is not None:
            await self.happens()
        return answer


class Bench:
    """A studio of a process of its own over the desk's rows."""

    def __init__(self, desk: Desk, provider: BflProvider, net: NetClient) -> None:
        self.store = BusyStore(desk.store)
        self.provider = provider
        self.studio = Studio(
            store=self.store,
            clock=desk.clock,
            providers={"bfl": provider},
            order=("bfl",),
            model=None,
            fetch=partial(safe_fetch, net),
            pictures=Gallery(HereWorker(), folder=desk.folder, clock=desk.clock),
            folder=desk.folder,
            owner="run:bench",
        )


@pytest.fixture
async def interrupted(
    desk: Desk, paint_vendor: Vendor, paint_net: NetClient
) -> AsyncIterator[tuple[Bench, Interrupted]]:
    async with bfl_on(paint_vendor, paint_net, kind=Interrupted) as provider:
        assert isinstance(provider, Interrupted)
        yield Bench(desk, provider, paint_net), provider


async def test_an_accepted_order_is_written_down_however_busy_the_database_is(
    desk: Desk, paint_vendor: Vendor, interrupted: tuple[Bench, Interrupted]
) -> None:
    bench, provider = interrupted

    async def busy() -> None:
        bench.store.refusals = 5

    provider.happens = busy
    done = await bench.studio.finish((await intend(desk)).id)
    assert (done.state, done.handle is not None) == (ImageState.STORED, True)
    assert desk.clock.slept[:5] == [1.0] * 5
    assert len(paint_vendor.ledger.of("charge")) == 1


async def test_an_accepted_order_is_written_down_by_a_worker_that_is_being_stopped(
    desk: Desk, paint_vendor: Vendor, interrupted: tuple[Bench, Interrupted]
) -> None:
    bench, provider = interrupted
    image = await intend(desk)

    async def stopped() -> None:
        bench.store.refusals = 2
        task.cancel()

    provider.happens = stopped
    task = asyncio.create_task(bench.studio.finish(image.id))
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    row = await desk.image(image.id)
    assert (row.state, row.handle is not None) == (ImageState.ACCEPTED, True)
    assert (await bench.studio.finish(image.id)).state is ImageState.STORED
    assert submits(paint_vendor) == 1


async def test_a_clock_that_jumps_takes_no_order_from_its_own_process(
    desk: Desk, paint_vendor: Vendor, interrupted: tuple[Bench, Interrupted]
) -> None:
    """The lease ran out by the wall, and the sweep comes by."""
    bench, provider = interrupted
    image = await intend(desk)

    async def jumped() -> None:
        desk.clock.advance(2 * LEASE)
        with pytest.raises(Stale):
            await bench.studio.finish(image.id)

    provider.happens = jumped
    assert (await bench.studio.finish(image.id)).state is ImageState.STORED
    assert submits(paint_vendor) == 1


async def test_an_answer_wins_over_another_process_that_held_the_order_for_unknown(
    desk: Desk, paint_vendor: Vendor, interrupted: tuple[Bench, Interrupted]
) -> None:
    bench, provider = interrupted
    image = await intend(desk)

    async def taken_over() -> None:
        desk.clock.advance(2 * LEASE)
        await asyncio.sleep(0.05)
        async with desk.store.write() as tx:
            await tx.images.touch(image.id, lease_until=None)
        with pytest.raises(ImageSubmitUnknown):
            await desk.studio.finish(image.id)

    provider.happens = taken_over
    done = await bench.studio.finish(image.id)
    assert (done.state, done.error_code, done.error_text) == (ImageState.STORED, None, None)
    assert submits(paint_vendor) == 1


async def test_a_busy_database_does_not_end_the_heartbeat(
    desk: Desk, interrupted: tuple[Bench, Interrupted]
) -> None:
    bench, provider = interrupted
    image = await intend(desk)
    ends: list[datetime | None] = []

    async def beats() -> None:
        bench.store.refusals = 1
        for _ in range(2):
            desk.clock.advance(LEASE / 3)
            await asyncio.sleep(0.05)
        ends.append((await desk.image(image.id)).lease_until)

    provider.happens = beats
    await bench.studio.finish(image.id)
    assert (bench.store.refusals, ends) == (0, [image.created_at + LEASE / 3 * 2 + LEASE])
