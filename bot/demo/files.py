"""Pictures and documents: what they are, their sizes, and their ids."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from PIL import Image

from bot.demo.refusals import WRONG_FILE, Refusal, bad_request

SIDES = (90, 320, 800, 1280)
PHOTO_LIMIT = 10 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
EXTENSIONS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif"}


@dataclass(frozen=True, kw_only=True)
class PhotoSize:
    """One rendition of a photo, as the Bot API lists it."""

    file_id: str
    unique_id: str
    width: int
    height: int
    file_size: int | None

    def to_api(self) -> dict[str, Any]:
        """The Bot API's PhotoSize."""
        shape = {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "width": self.width,
            "height": self.height,
        }
        return shape if self.file_size is None else {**shape, "file_size": self.file_size}


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A picture sent as a photo; sizes grow, the last is the one people see."""

    data: bytes = field(repr=False)
    sizes: tuple[PhotoSize, ...]

    @property
    def best(self) -> PhotoSize:
        """The biggest rendition."""
        return self.sizes[-1]

    def size(self, file_id: str) -> PhotoSize:
        """The rendition with that id."""
        return next(size for size in self.sizes if size.file_id == file_id)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file sent as a file, kept byte by byte."""

    data: bytes = field(repr=False)
    file_id: str
    unique_id: str
    file_name: str
    mime_type: str

    def to_api(self) -> dict[str, Any]:
        """The Bot API's Document."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_name": self.file_name,
            "mime_type": self.mime_type,
            "file_size": len(self.data),
        }


class Files:
    """All files the server knows, by file_id and by download path."""

    def __init__(self) -> None:
        self._photos: dict[str, Photo] = {}
        self._documents: dict[str, Document] = {}
        self._paths: dict[str, str] = {}

    def add_photo(self, data: bytes) -> Photo:
        """Measures a picture and gives it ids; refuses what Telegram refuses."""
        photo = measured_photo(data)
        for size in photo.sizes:
            self._photos[size.file_id] = photo
        return photo

    def add_document(self, data: bytes, *, name: str, mime_type: str) -> Document:
        """Keeps a file as it is."""
        unique = _digest(data, "document")
        document = Document(
            data=data,
            file_id="BQACAgQAAxkDAAI" + _digest(data, name, mime_type, "id", length=48),
            unique_id="AgAD" + unique,
            file_name=name,
            mime_type=mime_type,
        )
        self._documents[document.file_id] = document
        return document

    def photo(self, file_id: str) -> Photo:
        """The photo that has a rendition with that id."""
        if file_id in self._photos:
            return self._photos[file_id]
        if file_id in self._documents:
            raise bad_request("can't use file of type Document as Photo")
        raise bad_request(WRONG_FILE)

    def document(self, file_id: str) -> Document:
        """The document with that id."""
        if file_id in self._documents:
            return self._documents[file_id]
        if file_id in self._photos:
            raise bad_request("can't use file of type Photo as Document")
        raise bad_request(WRONG_FILE)

    def known(self, file_id: str) -> bool:
        """Whether any file has that id."""
        return file_id in self._photos or file_id in self._documents

    def unique_id(self, file_id: str) -> str:
        """The file_unique_id of a known file."""
        if file_id in self._documents:
            return self._documents[file_id].unique_id
        return self._photos[file_id].size(file_id).unique_id

    def content(self, file_id: str) -> tuple[bytes, str]:
        """Bytes and MIME type of a known file; a photo comes as a JPEG of its size."""
        if file_id in self._documents:
            document = self._documents[file_id]
            return document.data, document.mime_type
        photo = self._photos[file_id]
        return rendition(photo.data, photo.size(file_id)), "image/jpeg"

    def path_of(self, file_id: str) -> str:
        """The download path of a known file: always the same for the same file."""
        for path, known in self._paths.items():
            if known == file_id:
                return path
        number = len(self._paths)
        if file_id in self._documents:
            suffix = PurePosixPath(self._documents[file_id].file_name).suffix
            path = f"documents/file_{number}{suffix}"
        else:
            path = f"photos/file_{number}.jpg"
        self._paths[path] = file_id
        return path

    def at_path(self, path: str) -> str | None:
        """The file_id that was given this download path."""
        return self._paths.get(path)


def measured_photo(data: bytes) -> Photo:
    """Reads width and height from the bytes themselves, whatever the sender called them."""
    if len(data) > PHOTO_LIMIT:
        raise too_big(data, "photo", PHOTO_LIMIT)
    if not data:
        raise bad_request("file must be non-empty")
    width, height, kind = _look(data)
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return Photo(data=data, sizes=_sizes(data, width, height, kind))


def too_big(data: bytes, what: str, limit: int) -> Refusal:
    """What an upload over its limit is told."""
    return bad_request(
        f"file of size {len(data)} bytes is too big for a {what}; "
        f"the maximum size is {limit} bytes"
    )


def rendition(data: bytes, size: PhotoSize) -> bytes:
    """The picture as a JPEG of that size; a JPEG that already fits stays as it is."""
    if size.file_size is not None:
        return data
    with Image.open(io.BytesIO(data)) as picture:
        small = picture.convert("RGB").resize((size.width, size.height))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=87)
    return out.getvalue()


def _look(data: bytes) -> tuple[int, int, str]:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            size, kind = picture.size, picture.format or ""
            # A draft decodes a JPEG at a fraction of its size, enough to see that it is whole.
            picture.draft("RGB", (64, 64))
            picture.load()
            return *size, kind
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error


def _sizes(data: bytes, width: int, height: int, kind: str) -> tuple[PhotoSize, ...]:
    longest = max(width, height)
    sides = [side for side in SIDES if side < longest] + [min(longest, SIDES[-1])]
    sides = sorted(set(sides))
    return tuple(_size(data, width, height, kind, side) for side in sides)


def _size(data: bytes, width: int, height: int, kind: str, side: int) -> PhotoSize:
    longest = max(width, height)
    as_it_is = side == longest and kind == "JPEG"
    return PhotoSize(
        file_id="AgACAgQAAxkDAAI" + _digest(data, str(side), "id", length=48),
        unique_id="AQAD" + _digest(data, str(side)),
        width=max(1, round(width * side / longest)),
        height=max(1, round(height * side / longest)),
        file_size=len(data) if as_it_is else None,
    )


def _digest(data: bytes, *labels: str, length: int = 12) -> str:
    digest = hashlib.sha512(data + "|".join(labels).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]
