"""Pictures on the disk: whole or absent, and named by us."""

from __future__ import annotations

import errno
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import StorageError, StorageFull
from app.pictures.facts import FittedPicture, PictureFacts
from app.pictures.files import keep_picture, storage_trouble, sweep_parts, write_picture

AT = datetime(2026, 11, 21, 9, 5, 7, tzinfo=UTC)


async def test_a_kept_picture_is_described_as_it_lies_there(tmp_path: Path) -> None:
    facts = PictureFacts(mime="image/jpeg", width=10, height=20, file_size=4)
    kept = await keep_picture(tmp_path, FittedPicture(data=b"data", facts=facts), at=AT)
    assert [str(path) for path in tmp_path.iterdir()] == [kept.path]  # noqa: ASYNC240
    assert (kept.mime, kept.width, kept.height, kept.file_size) == ("image/jpeg", 10, 20, 4)
    assert kept.path.endswith(".jpg")


def test_the_name_tells_the_time_and_chance(tmp_path: Path) -> None:
    path = write_picture(tmp_path, b"x", extension="png", at=AT)
    assert re.fullmatch(r"flux_20261121_090507_[0-9a-f]{8}\.png", path.name)


def test_many_pictures_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    paths = {write_picture(tmp_path, b"x", extension="png", at=AT) for _ in range(50)}
    assert len(paths) == 50


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = write_picture(tmp_path, b"x", extension="png", at=AT)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    assert write_picture(tmp_path / "a" / "b", b"x", extension="png", at=AT).exists()


def test_nothing_half_written_stays_after_success(tmp_path: Path) -> None:
    write_picture(tmp_path, b"x", extension="png", at=AT)
    assert list(tmp_path.glob(".*")) == []


def test_a_place_that_is_no_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        write_picture(tmp_path / "file", b"x", extension="png", at=AT)


def test_old_remains_are_swept_and_fresh_ones_left(tmp_path: Path) -> None:
    old, fresh = tmp_path / ".flux_old.part", tmp_path / ".flux_new.part"
    old.touch()
    fresh.touch()
    os.utime(old, (1, 1))
    assert sweep_parts(tmp_path) == 1
    assert (old.exists(), fresh.exists()) == (False, True)


def test_pictures_are_never_swept(tmp_path: Path) -> None:
    path = write_picture(tmp_path, b"x", extension="png", at=AT)
    os.utime(path, (1, 1))
    assert sweep_parts(tmp_path) == 0


@pytest.mark.parametrize(
    "number, kind",
    [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageError)],
)
def test_a_full_disk_is_told_from_a_broken_one(number: int, kind: type[StorageError]) -> None:
    assert type(storage_trouble(OSError(number, os.strerror(number)))) is kind
