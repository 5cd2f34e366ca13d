"""The sentences of both languages: alike in keys and placeholders, used, and short enough."""

from __future__ import annotations

import ast
import importlib.resources
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import bot.handlers.press  # its errors are part of the tree
import bot.texts
from app.captions import utf16_length
from app.errors import DeskError, ImageError, PublishError, SettingsInvalid
from app.models import IllegalMove
from bot.application import COMMANDS
from bot.lock import AlreadyRunning
from bot.showcase import ScriptStuck
from bot.texts import FALLBACK, Texts, languages, load

BOT = Path(bot.texts.__file__).parent.parent
CODES = sorted(languages())
ENGLISH = load("en")
#: keys that are put together at run time
BUILT = (
    "failure.",
    "error.",
    "reason.",
    "stale.",
    "state.",
    "notice.",
    "command.",
    "card.delivery.",
    "price.",
    "provider.",
    "theme.",
    "duration.",
    "date.",
)
#: what ends a program or is a programming error, and what becomes a state of a delivery
NEVER_SAID = (SettingsInvalid, IllegalMove, AlreadyRunning, ScriptStuck, PublishError)
ISTANBUL = ZoneInfo("Europe/Istanbul")
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture(params=CODES)
def texts(request: pytest.FixtureRequest) -> Texts:
    return load(request.param)


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def filled(texts: Texts, key: str) -> str:
    """The sentence with values as long as they get in practice."""
    names = placeholders(texts.template(key))
    return texts(key, **dict.fromkeys(names, "Ayşegül Karahasanoğlu"))


def errors(kind: type[DeskError] = DeskError) -> Iterator[type[DeskError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from errors(child)


def words_of_the_code() -> set[str]:
    """Every string in bot/; an f-string gives its beginning, followed by a star."""
    found: set[str] = set()
    for path in BOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.add(_beginning(node))
    return found


def _beginning(node: ast.JoinedStr) -> str:
    parts = [part.value if isinstance(part, ast.Constant) else "*" for part in node.values]
    return "".join(str(part) for part in parts)


def is_used(key: str, words: set[str]) -> bool:
    """Named whole, or put together from pieces that are all named in the code."""
    if key in words or key.startswith(BUILT):
        return True
    patterns = (word for word in words if "*" in word and "." in word.partition("*")[0])
    matches = (re.fullmatch(re.escape(p).replace(r"\*", r"([\w.]+)"), key) for p in patterns)
    return any(match is not None and words.issuperset(match.groups()) for match in matches)


def test_english_and_turkish_are_there() -> None:
    assert {"en", "tr"} <= set(CODES)
    assert FALLBACK in CODES


def test_every_language_has_the_same_keys(texts: Texts) -> None:
    assert texts.keys() ^ ENGLISH.keys() == set()


def test_every_sentence_has_the_same_placeholders(texts: Texts) -> None:
    different = {
        key
        for key in texts.keys() & ENGLISH.keys()
        if placeholders(texts.template(key)) != placeholders(ENGLISH.template(key))
    }
    assert different == set()


def test_no_sentence_is_empty(texts: Texts) -> None:
    assert [key for key in sorted(texts.keys()) if not texts.template(key).strip()] == []


def test_html_tags_are_the_same_in_every_language(texts: Texts) -> None:
    def tags(template: str) -> list[str]:
        return sorted(re.findall(r"</?\w+>", template))

    different = {
        key
        for key in texts.keys() & ENGLISH.keys()
        if tags(texts.template(key)) != tags(ENGLISH.template(key))
    }
    assert different == set()


def test_every_sentence_is_used() -> None:
    """`language.name` is for people who read the file."""
    words = words_of_the_code()
    unused = {key for key in sorted(ENGLISH.keys()) if not is_used(key, words)}
    assert unused == {"language.name"}


def test_every_key_the_code_names_exists() -> None:
    sections = "|".join({key.partition(".")[0] for key in sorted(ENGLISH.keys())})
    shape = re.compile(rf"({sections})(\.[a-z_]*[a-z])+")
    named = {word for word in words_of_the_code() if shape.fullmatch(word)}
    plurals = {key.rpartition(".")[0] for key in sorted(ENGLISH.keys())}
    assert named - ENGLISH.keys() - plurals == set()


@pytest.mark.parametrize(
    "kind",
    [kind for kind in errors() if not issubclass(kind, NEVER_SAID)],
    ids=lambda kind: kind.__name__,
)
def test_every_error_that_reaches_a_person_has_a_sentence(
    kind: type[DeskError], texts: Texts
) -> None:
    section = "failure" if issubclass(kind, ImageError) else "error"
    assert texts.has(f"{section}.{kind.code}")


def test_every_command_has_a_line_for_the_menu(texts: Texts) -> None:
    """Bot API, BotCommand.description: 1 to 256 characters."""
    for command in COMMANDS:
        assert 1 <= len(texts(f"command.{command}")) <= 256


def test_every_callback_answer_fits(texts: Texts) -> None:
    """Bot API, answerCallbackQuery.text: at most 200 characters."""
    short = ("stale.", "done.", "language_choice.done", "stranger.")
    long = {
        key: utf16_length(filled(texts, key))
        for key in sorted(texts.keys())
        if key.startswith(short) and utf16_length(filled(texts, key)) > 200
    }
    assert long == {}


def test_an_error_fits_an_alert(texts: Texts) -> None:
    long = {
        key
        for key in sorted(texts.keys())
        if key.startswith("error.") and utf16_length(filled(texts, key)) > 200
    }
    assert long == set()


def test_hints_fit_the_input_field(texts: Texts) -> None:
    """Bot API, ForceReply.input_field_placeholder: at most 64 characters."""
    for field in ("caption", "prompt", "time"):
        assert len(texts(f"ask.{field}_hint")) <= 64


@pytest.mark.parametrize(
    "language, expected",
    [("en", "Tue 24 Nov 10:00"), ("tr", "24 Kas Sal 10:00")],
)
def test_a_day_of_this_year(language: str, expected: str) -> None:
    due = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    assert load(language).day_and_time(due, ISTANBUL, now=NOW) == expected


@pytest.mark.parametrize(
    "language, expected",
    [("en", "Mon 4 Jan 2027 10:00"), ("tr", "4 Oca 2027 Pzt 10:00")],
)
def test_a_day_of_another_year_names_it(language: str, expected: str) -> None:
    due = datetime(2027, 1, 4, 7, 0, tzinfo=UTC)
    assert load(language).day_and_time(due, ISTANBUL, now=NOW) == expected


@pytest.mark.parametrize(
    "language, expected",
    [("en", ("today 18:00", "tomorrow 09:00")), ("tr", ("bugün 18:00", "yarın 09:00"))],
)
def test_today_and_tomorrow_are_said_in_words(language: str, expected: tuple[str, str]) -> None:
    texts = load(language)
    tonight = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    morning = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    said = tuple(texts.day_and_time(one, ISTANBUL, now=NOW) for one in (tonight, morning))
    assert said == expected


@pytest.mark.parametrize(
    "language, expected",
    [
        ("en", "Tuesday 24 November 2026 10:00:30"),
        ("tr", "24 Kasım 2026 Salı 10:00:30"),
    ],
)
def test_a_full_day_with_its_seconds(language: str, expected: str) -> None:
    due = datetime(2026, 11, 24, 7, 0, 30, tzinfo=UTC)
    assert load(language).full_day_and_time(due, ISTANBUL) == expected


def test_every_month_and_weekday_has_its_own_name(texts: Texts) -> None:
    for kind, numbers in (("weekday", range(7)), ("month", range(1, 13))):
        for suffix in ("", "_full"):
            names = [texts(f"date.{kind}{suffix}.{number}") for number in numbers]
            assert len(set(names)) == len(names)
            assert all(names)


def test_a_full_name_begins_like_the_short_one_in_english_months() -> None:
    for number in range(1, 13):
        full = ENGLISH(f"date.month_full.{number}")
        assert full.startswith(ENGLISH(f"date.month.{number}"))


@pytest.mark.parametrize(
    "language, expected",
    [
        ("en", ("in 1 hour", "in 2 hours")),
        ("tr", ("1 saat sonra", "2 saat sonra")),
    ],
)
def test_counts(language: str, expected: tuple[str, str]) -> None:
    texts = load(language)
    said = (texts.count("duration.hours", 1), texts.count("duration.hours", 2))
    assert said == expected


def test_turkish_has_no_plural_after_a_number() -> None:
    turkish = load("tr")
    for key in sorted(turkish.keys()):
        if key.endswith(".one"):
            other = f"{key.removesuffix('.one')}.other"
            assert turkish.template(key) == turkish.template(other)


def test_turkish_speaks_to_people_politely() -> None:
    """The singular "you" and its possessives occur nowhere."""
    turkish = load("tr")
    familiar = re.compile(r"\b(sen|sana|seni|senin|senden|istersen|yazarsan)\b", re.IGNORECASE)
    assert [key for key in sorted(turkish.keys()) if familiar.search(turkish.template(key))] == []


def test_an_unknown_language_gets_the_fallback() -> None:
    assert load("xx").language == FALLBACK


def test_a_language_is_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file beside the others is a language, without a line of code."""
    source = (BOT / "texts" / "en.toml").read_text("utf-8")
    (tmp_path / "en.toml").write_text(source, "utf-8")
    welsh = source.replace('name = "English"', 'name = "Cymraeg"', 1)
    (tmp_path / "cy.toml").write_text(welsh, "utf-8")
    monkeypatch.setattr(importlib.resources, "files", lambda _package: tmp_path)
    languages.cache_clear()
    load.cache_clear()
    try:
        assert languages() == ("cy", "en")
        assert load("cy")("language.name") == "Cymraeg"
    finally:
        monkeypatch.undo()
        languages.cache_clear()
        load.cache_clear()
