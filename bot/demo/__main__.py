"""`python -m bot.demo --port N --token T`: the local Telegram as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from bot.demo.server import NotLoopbackError, serve
from bot.demo.world import DEMO_TOKEN, RealTokenError, World, create_world


def main() -> int:
    """Runs until it is interrupted; prints its address as the only line."""
    parser = argparse.ArgumentParser(prog="python -m bot.demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081, help="0 takes any free one")
    parser.add_argument("--token", default=DEMO_TOKEN)
    parser.add_argument("--force", action="store_true", help="take a token that looks real")
    options = parser.parse_args()
    try:
        world = create_world(token=options.token, allow_real_token=options.force)
        asyncio.run(_run(world, options.host, options.port))
    except (RealTokenError, NotLoopbackError, OSError) as error:
        parser.exit(1, f"{error}\n")
    return 0


async def _run(world: World, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    async with serve(world, host, port) as local:
        sys.stdout.write(f"{local.url}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
