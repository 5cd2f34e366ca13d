"""Pictures on the disk: written whole or not at all, under names nobody outside has a say in."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from app.errors import StorageError, StorageFull
from app.orders import PictureFile
from app.pictures.facts import FittedPicture

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_PART_SECONDS = 3600.0


async def keep_picture(folder: Path, picture: FittedPicture, *, at: datetime) -> PictureFile:
    """Write the picture to `flux_YYYYMMDD_HHMMSS_<8 hex>.<ext>` in `folder`, safe from a crash.

    `at` is the time in the name. Raises `StorageFull`, or `StorageError` for any other refusal of
    the disk; then no file is left behind.
    """
    facts = picture.facts
    path = await asyncio.to_thread(
        write_picture, folder, picture.data, extension=_EXTENSIONS[facts.mime], at=at
    )
    return PictureFile(
        path=str(path),
        mime=facts.mime,
        width=facts.width,
        height=facts.height,
        file_size=len(picture.data),
    )


def write_picture(folder: Path, data: bytes, *, extension: str, at: datetime) -> Path:
    """Write, flush to the disk, rename, flush the folder. Blocks; errors as `keep_picture`."""
    stem = f"flux_{at:%Y%m%d_%H%M%S}_{secrets.token_hex(4)}"
    part, final = folder / f".{stem}.part", folder / f"{stem}.{extension}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(part, data)
        part.rename(final)
        _flush_folder(folder)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise storage_trouble(error) from error
    return final


def sweep_parts(folder: Path, *, older_than: float = _PART_SECONDS) -> int:
    """Remove what crashes left half written more than `older_than` seconds ago; how many."""
    limit = time.time() - older_than
    stale = [part for part in folder.glob(".*.part") if part.stat().st_mtime < limit]
    for part in stale:
        part.unlink(missing_ok=True)
    return len(stale)


def _write_new(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """A rename survives a power cut only once its folder is on the disk; Windows has no way."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def storage_trouble(error: OSError) -> StorageError:
    """`StorageFull` for a full disk or quota, `StorageError` for every other refusal."""
    if error.errno in _FULL:
        return StorageFull("the disk is full: the picture could not be kept")
    return StorageError(f"the picture could not be written ({error.strerror})")
