"""Caption and hashtags: put together, taken apart, measured as Telegram measures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.captions import CAPTION_LIMIT, check_post_text, post_text, take_apart, utf16_length
from app.errors import InputRefused, TextTooLong


@pytest.mark.parametrize("text,units", [("", 0), ("abc", 3), ("ğ", 1), ("🌱", 2), ("👩‍🌾", 5)])
def test_length_is_in_utf16_units(text: str, units: int) -> None:
    assert utf16_length(text) == units


@pytest.mark.parametrize(
    "caption,hashtags,text",
    [
        ("Hello.", ("#a", "#b"), "Hello.\n\n#a #b"),
        ("Hello.", (), "Hello."),
        ("", ("#a",), "#a"),
    ],
)
def test_the_parts_are_parted_by_an_empty_line(
    caption: str, hashtags: tuple[str, ...], text: str
) -> None:
    assert post_text(caption, hashtags) == text


def test_exactly_the_limit_is_taken() -> None:
    check_post_text("🌱" * (CAPTION_LIMIT // 2), ())


def test_one_unit_more_is_too_long_and_says_by_how_much() -> None:
    with pytest.raises(TextTooLong) as caught:
        check_post_text("🌱" * (CAPTION_LIMIT // 2 - 2), ("#ab",))
    assert dict(caught.value.facts) == {"length": 1025, "limit": 1024, "over": 1}


@pytest.mark.parametrize(
    "typed,parts",
    [
        ("New text", ("New text", None)),
        ("  New text \n\n #a #ğ ", ("New text", ("#a", "#ğ"))),
        ("Two\nlines", ("Two\nlines", None)),
        ("Text\n#a #a #b", ("Text", ("#a", "#b"))),
        ("Text\n#a and more", ("Text\n#a and more", None)),
        ("#only", ("#only", None)),
        ("#a\n#b", ("#a", ("#b",))),
    ],
)
def test_a_last_line_of_hashtags_replaces_the_hashtags(
    typed: str, parts: tuple[str, tuple[str, ...] | None]
) -> None:
    assert take_apart(typed) == parts


@pytest.mark.parametrize("typed", ["", "  ", "\n\t\n"])
def test_nothing_is_no_text(typed: str) -> None:
    with pytest.raises(InputRefused):
        take_apart(typed)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_length_counts_what_is_beyond_the_basic_plane_twice(text: str) -> None:
    assert utf16_length(text) == len(text) + sum(ord(letter) > 0xFFFF for letter in text)
