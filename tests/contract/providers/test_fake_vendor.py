"""The fake vendor itself: strict, scriptable from outside, and truthful in its ledger."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.vendor import KEY, Vendor, free_port, read_ledger

GOOD = {"prompt": "a sensor", "width": 256, "height": 256, "output_format": "png"}


@pytest.fixture
async def http(base: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base, headers={"x-key": KEY}, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    "change, field",
    [
        ({"width": 250}, "width"),
        ({"height": 4096}, "height"),
        ({"colour": "red"}, "colour"),
        ({"safety_tolerance": 6}, "safety_tolerance"),
        ({"output_format": "gif"}, "output_format"),
        ({"prompt": None}, "prompt"),
    ],
)
async def test_it_refuses_what_the_vendor_refuses_and_charges_nothing(
    http: httpx.AsyncClient, vendor: Vendor, change: dict[str, Any], field: str
) -> None:
    reply = await http.post("/v1/flux-2-pro", json=GOOD | change)
    assert (reply.status_code, reply.json()["detail"][0]["loc"]) == (422, ["body", field])
    assert vendor.ledger.of("charge") == []


async def test_it_refuses_the_25th_active_job(http: httpx.AsyncClient) -> None:
    statuses = [(await http.post("/v1/flux-2-pro", json=GOOD)).status_code for _ in range(25)]
    assert statuses == [200] * 24 + [429]


async def test_it_refuses_a_key_at_the_delivery_host(http: httpx.AsyncClient) -> None:
    assert (await http.get("/delivery/1")).status_code == 400


@asynccontextmanager
async def running(port: int, ledger: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The vendor as a process, once it answers."""
    arguments = ("-m", "tests.fakes.vendor", "--port", str(port), "--ledger", str(ledger))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=dict(os.environ)
    )
    base = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            await _answering(client)
            yield client
    finally:
        process.kill()
        await process.wait()


async def _answering(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await client.get("/ledger")
            except httpx.ConnectError:
                await asyncio.sleep(0.02)
            else:
                return


async def test_as_a_process_it_is_scripted_over_http_and_its_ledger_outlives_it(
    tmp_path: Path,
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    script = {
        "plans": [{"answers": [{"status": "Content Moderated"}], "order": {"cost": 9.0}}],
        "faults": [{"on": "poll", "do": "answer", "status": 502, "nth": 1}],
    }
    async with running(free_port(), ledger) as client:
        await client.post("/control", json=script)
        order = await client.post("/v1/flux-2-pro", json=GOOD, headers={"x-key": KEY})
        polls = [
            await client.get(order.json()["polling_url"], headers={"x-key": KEY}) for _ in "ab"
        ]
    assert order.json()["cost"] == 9.0
    assert (polls[0].status_code, polls[1].json()["status"]) == (502, "Content Moderated")
    assert [entry.kind for entry in read_ledger(ledger)] == ["submit", "charge", "poll", "poll"]
