"""Text and entities: what parse modes mean, counted in UTF-16 units."""

from __future__ import annotations

import contextlib
import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo import utf16
from bot.demo.markup import Formatted, build
from bot.demo.refusals import Refusal

LETTERS = st.text(
    st.one_of(
        st.sampled_from("aZ 1\n😀ğİ<>&\"'_*[]()~`>#+-=|{}.!\\"), st.characters(codec="utf-8")
    ),
    max_size=30,
)
WORDS = st.text(st.sampled_from("abİ😀ç"), min_size=1, max_size=8)
TAGS = {
    "b": "bold",
    "em": "italic",
    "u": "underline",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
RESERVED = "_*[]()~`>#+-=|{}.!\\"


def marked(words: Formatted, kind: str) -> list[str]:
    return [
        utf16.part(words.text, entity["offset"], entity["length"])
        for entity in words.entities
        if entity["type"] == kind
    ]


@given(LETTERS)
def test_escaped_html_is_the_text_itself(text: str) -> None:
    assert build(html.escape(text), "HTML").text == text.replace("\r", "").strip()


@given(LETTERS)
def test_escaped_markdown_is_the_text_itself(text: str) -> None:
    escaped = "".join(f"\\{letter}" if letter in RESERVED else letter for letter in text)
    assert build(escaped, "MarkdownV2").text == text.replace("\r", "").strip()


@given(WORDS, WORDS, WORDS, st.sampled_from(sorted(TAGS)))
def test_a_tag_marks_exactly_its_words(before: str, inside: str, after: str, tag: str) -> None:
    words = build(f"{before}<{tag}>{inside}</{tag}>{after}", "HTML")
    assert words.text == before + inside + after
    assert marked(words, TAGS[tag]) == [inside]


@given(WORDS, WORDS, st.sampled_from([("*", "bold"), ("__", "underline"), ("||", "spoiler")]))
def test_a_mark_marks_exactly_its_words(before: str, inside: str, mark: tuple[str, str]) -> None:
    words = build(f"{before}{mark[0]}{inside}{mark[0]}", "MarkdownV2")
    assert words.text == before + inside
    assert marked(words, mark[1]) == [inside]


@given(LETTERS)
def test_entities_never_leave_the_text(text: str) -> None:
    words = build(text)
    for entity in words.entities:
        assert entity["offset"] >= 0
        assert 0 < entity["length"] <= words.size - entity["offset"]


@given(LETTERS, st.sampled_from(["HTML", "MarkdownV2"]))
def test_any_text_is_parsed_or_refused_in_telegrams_words(text: str, mode: str) -> None:
    words = "Bad Request: can't parse entities: "
    with contextlib.suppress(Refusal):
        parsed = build(text, mode)
        assert all(one["offset"] + one["length"] <= parsed.size for one in parsed.entities)
        return
    with pytest.raises(Refusal, match=words):
        build(text, mode)


@given(WORDS, WORDS)
def test_white_space_around_a_text_moves_its_entities(inside: str, after: str) -> None:
    words = build(f"  \n<b> {inside}</b>{after} \n", "HTML")
    assert words.text == inside + after
    assert marked(words, "bold") == [inside]


@pytest.mark.parametrize(
    "source,words",
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("ü<p>x</p>", 'Unsupported start tag "p" at byte offset 2'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("1<b", "Unclosed start tag at byte offset 1"),
        ("<b", "Unclosed start tag at byte offset 0"),
        (
            "<a href>x</a>",
            'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
        ),
        (
            "<span>x</span>",
            'Tag "span" must have class "tg-spoiler" at byte offset 0',
        ),
    ],
)
def test_bad_html_is_refused(source: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        build(source, "HTML")
    assert refused.value.description == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    "source,words",
    [
        ("Ready.", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a-b", "Character '-' is reserved and must be escaped with the preceding '\\'"),
        ("ü*x", "Can't find end of Bold entity at byte offset 2"),
        ("_x", "Can't find end of Italic entity at byte offset 0"),
        ("[x](http://a.b", "Can't find end of a URL at byte offset 3"),
    ],
)
def test_bad_markdown_is_refused(source: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        build(source, "MarkdownV2")
    assert refused.value.description == f"Bad Request: can't parse entities: {words}"


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    "source,text,entities",
    [
        (
            '<a href="https://a.example/?x=1&amp;y=2">here</a>',
            "here",
            [entity("text_link", 0, 4, url="https://a.example/?x=1&y=2")],
        ),
        ("<a>no address</a>", "no address", []),
        (
            '<pre><code class="language-python">x = 1</code></pre>',
            "x = 1",
            [entity("pre", 0, 5, language="python")],
        ),
        (
            "<blockquote expandable>long</blockquote>",
            "long",
            [entity("expandable_blockquote", 0, 4)],
        ),
        ('<span class="tg-spoiler">x</span>', "x", [entity("spoiler", 0, 1)]),
        ("<b>a<i>b</i></b>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)]),
        ("&lt;b&gt; &amp; &quot; &#65; &nbsp;", '<b> & " A &nbsp;', []),
        ("<b></b>x", "x", []),
    ],
)
def test_html_becomes_entities(source: str, text: str, entities: list[dict[str, Any]]) -> None:
    words = build(source, "HTML")
    assert (words.text, list(words.entities)) == (text, entities)


@pytest.mark.parametrize(
    "source,text,entities",
    [
        (
            "[here](https://a.example/\\))",
            "here",
            [entity("text_link", 0, 4, url="https://a.example/)")],
        ),
        ("```python\nx = 1```", "x = 1", [entity("pre", 0, 5, language="python")]),
        ("`a.b`", "a.b", [entity("code", 0, 3)]),
        ("*a _b_*", "a b", [entity("bold", 0, 3), entity("italic", 2, 1)]),
        ("~x~", "x", [entity("strikethrough", 0, 1)]),
        (">a\n>b\nc", "a\nb\nc", [entity("blockquote", 0, 3)]),
    ],
)
def test_markdown_becomes_entities(source: str, text: str, entities: list[dict[str, Any]]) -> None:
    words = build(source, "MarkdownV2")
    assert (words.text, list(words.entities)) == (text, entities)


@pytest.mark.parametrize(
    "text,kind,found",
    [
        ("😀 #AkıllıTarım, yes", "hashtag", ["#AkıllıTarım"]),
        ("#1 is no tag but #IoT2 is", "hashtag", ["#IoT2"]),
        ("C# and &#35; are no tags", "hashtag", []),
        ("/start now", "bot_command", ["/start"]),
        ("try /new@postdesk_demo_bot x", "bot_command", ["/new@postdesk_demo_bot"]),
        ("and/or", "bot_command", []),
        ("by @meridian_sensors.", "mention", ["@meridian_sensors"]),
        ("mail a.b@c.example", "mention", []),
        ("mail a.b@c.example", "email", ["a.b@c.example"]),
        ("see https://a.example/x?y=1.", "url", ["https://a.example/x?y=1"]),
        ("see meridian.io/new, please", "url", ["meridian.io/new"]),
        ("Node.js is no address", "url", []),
        ("https://a.example/#part", "hashtag", []),
    ],
)
def test_plain_text_shows_its_own_entities(text: str, kind: str, found: list[str]) -> None:
    assert marked(build(text), kind) == found


def test_nothing_is_found_inside_of_code() -> None:
    assert marked(build("<code>#tag</code> #tag", "HTML"), "hashtag") == ["#tag"]


def test_given_entities_are_kept_beside_those_found() -> None:
    words = build("bold #tag", given=[entity("bold", 0, 4), entity("hashtag", 0, 4)])
    assert list(words.entities) == [entity("bold", 0, 4), entity("hashtag", 5, 4)]
