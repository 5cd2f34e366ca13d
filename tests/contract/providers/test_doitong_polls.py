"""Doitong's jobs: how they are asked for, which its page never says, and what may be answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.errors import (
    ImageError,
    ImageNotFound,
    ImageProtocol,
    ImageRateLimited,
    ImageUnavailable,
)
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from app.orders import ImageRequest, JobHandle, JobState, JobStatus
from app.providers.doitong import DoitongProvider
from app.providers.doitong.orders import Dialect
from tests.fakes.misbehaviour import says
from tests.fakes.rigs import DIALECTS, doitong_of
from tests.fakes.vendor import KEY, Fault, Plan, Vendor
from tests.fakes.vendor_doitong import graphql_error as error

UNKNOWN_FIELD = error(
    'Cannot query field "generation" on type "Query".', "GRAPHQL_VALIDATION_FAILED"
)


@pytest.fixture
async def doitong(vendor: Vendor, net: NetClient) -> AsyncIterator[DoitongProvider]:
    async with doitong_of(vendor, net) as provider:
        yield provider


async def ordered(doitong: DoitongProvider) -> JobHandle:
    handle = await doitong.submit(ImageRequest(prompt="a sensor"), key="image-1")
    assert isinstance(handle, JobHandle)
    return handle


async def polled(doitong: DoitongProvider, vendor: Vendor, **answer: Any) -> JobStatus:
    """The status after one poll that is answered so."""
    vendor.plan(Plan(answers=(answer,)))
    return await doitong.poll(await ordered(doitong))


@pytest.mark.parametrize(
    "answer, state",
    [
        ({"status": "processing"}, JobState.RUNNING),
        ({"status": "QUEUED"}, JobState.RUNNING),
        ({"status": "Pending"}, JobState.RUNNING),
        ({"status": "dreaming"}, JobState.RUNNING),
        ({"status": None}, JobState.RUNNING),
        ({"status": "Completed", "url": "https://cdn.doitong.com/a.jpg"}, JobState.SUCCEEDED),
        ({"status": "processing", "url": "https://cdn.doitong.com/a.jpg"}, JobState.SUCCEEDED),
        ({"status": "FAILED"}, JobState.FAILED),
        ({"status": "error", "url": "https://cdn.doitong.com/a.jpg"}, JobState.FAILED),
        ({"status": "Cancelled"}, JobState.CANCELED),
        ({"status": "moderated"}, JobState.MODERATED_OUTPUT),
    ],
    ids=lambda value: str(value.get("status")) if isinstance(value, dict) else value,
)
async def test_a_status_has_its_meaning(
    doitong: DoitongProvider, vendor: Vendor, answer: dict[str, Any], state: JobState
) -> None:
    assert (await polled(doitong, vendor, **answer)).state is state


async def test_a_failed_jobs_words_are_kept(doitong: DoitongProvider, vendor: Vendor) -> None:
    status = await polled(doitong, vendor, status="failed", metadata={"error": "out of memory"})
    assert (status.raw_status, status.reasons) == ("failed", ("out of memory",))


async def test_completed_without_a_picture_is_a_protocol_fault(
    doitong: DoitongProvider, vendor: Vendor
) -> None:
    with pytest.raises(ImageProtocol):
        await polled(doitong, vendor, status="completed", url=None)


async def test_the_answer_for_another_job_is_not_taken(
    doitong: DoitongProvider, vendor: Vendor
) -> None:
    with pytest.raises(ImageProtocol):
        await polled(doitong, vendor, status="processing", id="somebody-else")


async def test_the_price_of_the_order_holds_until_another_is_told(
    doitong: DoitongProvider, vendor: Vendor
) -> None:
    vendor.plan(Plan(order={"creditCost": 12}, answers=({"status": "processing"},)))
    handle = await ordered(doitong)
    assert handle.cost is not None
    assert (await doitong.poll(handle)).cost == handle.cost


async def test_an_unknown_status_is_logged_once(
    doitong: DoitongProvider, vendor: Vendor, everything_logged: pytest.LogCaptureFixture
) -> None:
    vendor.plan(Plan(answers=({"status": "dreaming"},)))
    handle = await ordered(doitong)
    await doitong.poll(handle)
    await doitong.poll(handle)
    assert everything_logged.text.count("dreaming") == 1


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("status", [200, 400])
async def test_a_question_the_vendor_does_not_understand_names_the_job_and_the_setting(
    vendor: Vendor,
    net: NetClient,
    everything_logged: pytest.LogCaptureFixture,
    dialect: Dialect,
    status: int,
) -> None:
    async with doitong_of(vendor, net, dialect=dialect) as doitong:
        handle = await ordered(doitong)
        vendor.fail(Fault(on="poll", **says(status, UNKNOWN_FIELD)))
        with pytest.raises(ImageProtocol) as caught:
            await doitong.poll(handle)
        assert (await doitong.poll(handle)).state is JobState.RUNNING
    for told in (caught.value.raw, str(caught.value), everything_logged.text):
        assert handle.job_id in told
        assert "DOITONG_STATUS_QUERY" in told
    assert caught.value.retry_after is not None


async def test_the_vendors_real_query_is_a_setting(vendor: Vendor, net: NetClient) -> None:
    query = "query Job($id: ID!) { job(id: $id) { id status url } }"
    vendor.plan(Plan(answers=({"status": "Ready"},)))
    async with doitong_of(vendor, net, status_field="job", status_query=query) as doitong:
        assert (await doitong.poll(await ordered(doitong))).state is JobState.SUCCEEDED


async def test_a_job_may_be_asked_for_at_the_rest_door(vendor: Vendor, net: NetClient) -> None:
    vendor.plan(Plan(answers=({"status": "Ready"},)))
    async with doitong_of(vendor, net, dialect="rest", status_query="/v1/jobs/{id}") as doitong:
        assert (await doitong.poll(await ordered(doitong))).state is JobState.SUCCEEDED
        lost = JobHandle(provider="doitong", model="flux-pro", job_id="nobody")
        assert (await doitong.poll(lost)).state is JobState.NOT_FOUND
    poll = vendor.ledger.of("poll")[0]
    assert "authorization" not in poll.detail["headers"]


async def test_a_path_the_vendor_does_not_have_ends_no_job(vendor: Vendor, net: NetClient) -> None:
    async with doitong_of(vendor, net, dialect="rest", status_query="/v2/none/{id}") as doitong:
        handle = await ordered(doitong)
        with pytest.raises(ImageProtocol, match="DOITONG_STATUS_QUERY"):
            await doitong.poll(handle)


@pytest.mark.parametrize(
    "body, state",
    [
        ({"data": {"generation": None}}, JobState.NOT_FOUND),
        (error("no such job", "NOT_FOUND"), JobState.NOT_FOUND),
        (error("the picture was flagged as NSFW"), JobState.MODERATED_OUTPUT),
    ],
)
async def test_a_poll_may_end_a_job_by_an_error(
    doitong: DoitongProvider, vendor: Vendor, body: object, state: JobState
) -> None:
    handle = await ordered(doitong)
    vendor.fail(Fault(on="poll", **says(200, body)))
    assert (await doitong.poll(handle)).state is state


@pytest.mark.parametrize(
    "fault, expected",
    [
        (says(200, error("database is down")), ImageUnavailable),
        (says(200, error("x", "INTERNAL_SERVER_ERROR")), ImageUnavailable),
        (says(200, error("x", "RATE_LIMITED")), ImageRateLimited),
        (says(404, text="<html>no such page</html>"), ImageNotFound),
        (says(200, {"data": None}), ImageProtocol),
        (says(200, {}), ImageProtocol),
    ],
    ids=str,
)
async def test_other_errors_of_a_poll_end_nothing(
    doitong: DoitongProvider,
    vendor: Vendor,
    fault: dict[str, Any],
    expected: type[ImageError],
) -> None:
    handle = await ordered(doitong)
    vendor.fail(Fault(on="poll", **fault))
    with pytest.raises(expected):
        await doitong.poll(handle)


async def test_the_key_never_reaches_the_delivery_host(
    doitong: DoitongProvider, vendor: Vendor, net: NetClient
) -> None:
    status = await polled(doitong, vendor, status="Ready")
    await safe_fetch(net, str(status.output), trusted_hosts=doitong.trusted_hosts)
    (download,) = vendor.ledger.of("download")
    assert KEY not in repr(download)
