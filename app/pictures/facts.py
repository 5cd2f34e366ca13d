"""What is known of a picture once it was decoded; free of Pillow, which only the child loads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureFacts:
    """What a picture's bytes are, whatever their sender called them; sizes in pixels and bytes."""

    mime: str
    width: int
    height: int
    file_size: int

    @property
    def format(self) -> str:
        """png, jpeg or webp."""
        return self.mime.removeprefix("image/")


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedPicture:
    """The bytes and what they are."""

    data: bytes
    facts: PictureFacts
