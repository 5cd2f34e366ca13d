"""`python -m bot.demo`: the local Telegram as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys

import httpx
import pytest

pytestmark = pytest.mark.process


async def started(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.demo",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
async def test_it_prints_its_address_serves_and_stops_silently(name: signal.Signals) -> None:
    process = await started("--port", "0", "--token", "7:mine")
    assert process.stdout
    url = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{url}/bot7:mine/getMe")).json()["result"]["id"] == 7
        request = client.build_request("GET", f"{url}/sim/events")
        response = await client.send(request, stream=True)
        process.send_signal(name)
        out, err = await asyncio.wait_for(process.communicate(), 10)
        await response.aclose()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_it_refuses_a_token_that_looks_real_in_one_sentence() -> None:
    process = await started("--port", "0", "--token", "123456789:" + "A" * 35)
    out, err = await process.communicate()
    assert process.returncode == 1
    assert out == b""
    assert err.decode() == (
        "This looks like the token of a real bot: keep it away from the local demo server.\n"
    )
