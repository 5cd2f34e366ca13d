"""The one error tree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

import app.errors as errors
from app.errors import DeskError, ImageError, ImageRateLimited, PublishRejected, TextTooLong


def below(kind: type[DeskError]) -> Iterator[type[DeskError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


OURS = [kind for kind in below(DeskError) if kind.__module__ == errors.__name__]
IMAGE_CODES = [ImageError.code, *(kind.code for kind in below(ImageError))]


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_the_docstring_is_the_default_sentence(kind: type[DeskError]) -> None:
    error = kind(reason="x") if issubclass(kind, PublishRejected) else kind()
    assert str(error) == (kind.__doc__ or "").strip()


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_every_error_is_drawn_in_the_tree(kind: type[DeskError]) -> None:
    drawn = (errors.__doc__ or "").replace("(input or output)", "ImageOutputModerated")
    assert kind.__name__ in drawn


def test_image_errors_are_told_apart_by_their_codes() -> None:
    """An image row keeps the code alone, and the error is made from it again."""
    assert len(IMAGE_CODES) == len(set(IMAGE_CODES))


def test_facts_are_kept_for_the_catalogues() -> None:
    assert dict(TextTooLong(length=1030, limit=1024, over=6).facts) == {
        "length": 1030,
        "limit": 1024,
        "over": 6,
    }


def test_the_vendors_own_words_are_the_raw_text() -> None:
    error = ImageRateLimited("slow down", provider="bfl", raw="Active tasks limit exceeded")
    assert (str(error), error.raw) == ("slow down", "Active tasks limit exceeded")


def test_an_image_error_without_the_vendors_words_has_its_sentence() -> None:
    assert ImageRateLimited(retry_after=timedelta(seconds=3)).raw == "The vendor asks for a pause."
