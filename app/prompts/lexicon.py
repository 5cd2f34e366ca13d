"""The dictionary behind the glossary: what one word or phrase of a Turkish topic means."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from app.prompts import turkish

Kind = Literal["noun", "act", "after", "joining", "silent"]

LONGEST_PHRASE = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """English for one unit of a topic; `case` is the preposition its Turkish ending stands for."""

    english: str
    kind: Kind = "noun"
    case: turkish.Case | None = None
    plural: bool = False
    object: bool = False
    length: int = 1


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """Every table of glossary.toml, keyed for lookup by exact and by folded spelling."""

    entries: dict[str, Meaning]
    verbs: dict[str, str]
    names: dict[str, str]
    english: frozenset[str]
    standing_on: frozenset[str]
    uncountable: frozenset[str]
    intransitive: frozenset[str]

    def phrase(self, words: Sequence[str]) -> Meaning | None:
        """Return the longest known phrase of two words or more that `words` begins with."""
        for length in range(min(LONGEST_PHRASE, len(words)), 1, -1):
            for spell in (turkish.lower, turkish.fold):
                *head, last = (spell(word) for word in words[:length])
                for stem in turkish.stems(last):
                    found = self.entries.get(" ".join([*head, stem.text]))
                    if found is not None:
                        return _inflected(found, stem, length)
            name = self.names.get(" ".join(map(turkish.fold, words[:length])))
            if name is not None:
                return Meaning(english=name, length=length)
        return None

    def word(self, word: str) -> Meaning | None:
        """Return what a single word means, endings taken off where the bare word is unknown."""
        for spell in (turkish.lower, turkish.fold):
            spelled = spell(word)
            for stem in turkish.stems(spelled):
                if stem.text == spelled and self.is_english(word) and spelled not in self.entries:
                    return Meaning(english=word)
                found = self.entries.get(stem.text)
                if found is not None and (found.kind == "noun" or stem.text == spelled):
                    return _inflected(found, stem, 1)
        return self._verb(turkish.fold(word))

    def is_english(self, word: str) -> bool:
        """Whether a word is English that this glossary knows, or a name of the trade."""
        return word.lower() in self.english or turkish.fold(word) in self.names

    def is_turkish(self, word: str) -> bool:
        """Whether a word is in the Turkish side of the glossary, in any form."""
        exact = turkish.lower(word)
        return exact in self.entries or (not self.is_english(word) and self.word(word) is not None)

    def _verb(self, folded: str) -> Meaning | None:
        for stem in turkish.stems(folded):
            for verb, english in self.verbs.items():
                form = turkish.verb_form(stem.text, verb)
                if form == "finite" and stem.text == folded:
                    return Meaning(english=english, kind="act")
                if form == "nominal":
                    return Meaning(english=english, case=stem.case)
        return None


@cache
def lexicon() -> Lexicon:
    """Return the glossary that comes with the program, read once."""
    source = files("app.prompts").joinpath("glossary.toml").read_text(encoding="utf-8")
    return read_lexicon(tomllib.loads(source))


def read_lexicon(tables: dict[str, Any]) -> Lexicon:
    """Build a lexicon from the tables of a glossary file."""
    lists = tables["lists"]
    nouns = {key: text for group in tables["words"].values() for key, text in group.items()}
    entries: dict[str, Meaning] = {}
    for key, text in nouns.items():
        _add(entries, key, Meaning(english=text))
    for key, text in tables["after"].items():
        kind: Kind = "joining" if text in ("and", "or") else "after"
        _add(entries, key, Meaning(english=text, kind=kind))
    for key in lists["silent"]:
        _add(entries, key, Meaning(english="", kind="silent"))
    texts = [*nouns.values(), *tables["verbs"].values(), *tables["after"].values()]
    vocabulary = {word for text in texts for word in re.findall(r"[a-z]+", text.lower())}
    return Lexicon(
        entries=entries,
        # Longest stem first, so that "taşın" is not read as a form of "taşı".
        verbs=dict(
            sorted(
                ((turkish.fold(stem), text) for stem, text in tables["verbs"].items()),
                key=lambda pair: -len(pair[0]),
            )
        ),
        names={turkish.fold(name): name for name in lists["names"]},
        english=frozenset(vocabulary | set(lists["english"])),
        standing_on=frozenset(lists["on"]),
        uncountable=frozenset(lists["uncountable"]),
        intransitive=frozenset(lists["intransitive"]),
    )


def _add(entries: dict[str, Meaning], key: str, meaning: Meaning) -> None:
    spellings = [key]
    if " " in key:
        # "güneş paneli" is also met as "güneş panelleri": keep the form without its ending.
        spellings += [stem.text for stem in turkish.stems(key) if _bare_form(stem, key)]
    for spelling in spellings:
        entries.setdefault(turkish.lower(spelling), meaning)
    for spelling in spellings:
        entries.setdefault(turkish.fold(spelling), meaning)


def _bare_form(stem: turkish.Stem, key: str) -> bool:
    taken = len(key) - len(stem.text)
    return stem.case is None and not stem.plural and taken <= 2 and " " in stem.text


def _inflected(found: Meaning, stem: turkish.Stem, length: int) -> Meaning:
    return replace(found, case=stem.case, plural=stem.plural, object=stem.object, length=length)
