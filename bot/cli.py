"""The programs: `python -m bot run`, `python -m bot demo`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
from telegram.error import InvalidToken, NetworkError

from app.container import open_services
from app.errors import DeskError
from app.logs import Redaction, set_up_logging
from app.settings import Settings, load_settings
from bot.application import running_bot
from bot.lock import lock_file, only_one

MISSING = (
    "TELEGRAM_BOT_TOKEN is not set: put the token of @BotFather into .env, "
    "or run `make demo`, which needs none."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The post desk: topics in, approved posts out."""


@cli.command()
def run() -> None:
    """Run the bot on Telegram (long polling) until it is stopped."""
    settings = load_settings()
    _log_as(settings)
    if settings.telegram_bot_token is None:
        raise click.ClickException(MISSING)
    if not settings.owner_ids:
        click.echo(
            "OWNER_IDS is empty, so nobody may use the bot yet. Write to it: it answers with "
            "your id, which belongs into OWNER_IDS.",
            err=True,
        )
    with only_one(lock_file(settings)):
        _run_async(_serve(settings))


@cli.command()
@click.option("--port", default=8765, show_default=True, help="Port of the chat page.")
@click.option("--once", is_flag=True, help="End after the scripted part.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("outputs/demo"),
    show_default=True,
    help="Where the pictures and the transcript go.",
)
def demo(port: int, once: bool, no_open: bool, folder: Path) -> None:
    """Play one topic through the real bot against a local Telegram, then serve its chat page."""
    # Only the demonstration needs the local server; the bot itself never loads it.
    from bot.showcase import show

    set_up_logging(level="WARNING", as_json=False, redact=Redaction())
    _run_async(show(port=port, once=once, open_browser=not no_open, folder=folder))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with open_services(settings, owner="run") as services, running_bot(services) as desk:
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(stop.wait()), desk.fatal}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    if desk.fatal.done():
        raise click.ClickException(desk.fatal.result())


def _run_async(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except InvalidToken as error:
        raise click.ClickException(
            "Telegram does not accept TELEGRAM_BOT_TOKEN. Copy it again from @BotFather."
        ) from error
    except NetworkError as error:
        raise click.ClickException(
            f"Telegram cannot be reached ({type(error).__name__}). Check the network."
        ) from error


def _log_as(settings: Settings) -> None:
    set_up_logging(
        level=settings.log_level,
        as_json=settings.log_format == "json",
        redact=Redaction(settings.secrets()),
    )


def main() -> None:
    """Run the command line; what was foreseen ends in one sentence and exit code 1."""
    os.umask(0o077)
    try:
        cli.main(prog_name="python -m bot", standalone_mode=True)
    except DeskError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
