"""One bot a database: two would answer everything twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from app.errors import DeskError
from app.settings import Settings

try:
    import fcntl
except ImportError:  # Windows has no flock; Telegram's own 409 still stops a second poller there
    fcntl = None  # type: ignore[assignment]


class AlreadyRunning(DeskError):
    """Another bot runs on this database already. Stop it first."""

    code = "already_running"


def lock_file(settings: Settings) -> Path:
    """Beside the database file it guards; a database on a server guards itself by its leases."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(f"{url.database}.lock")
    return settings.outputs_dir / "bot.lock"


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file while the bot runs; the system frees it however the program ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise AlreadyRunning from error
        yield
    finally:
        os.close(handle)
