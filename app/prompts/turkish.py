"""Turkish words taken apart: case-folding that knows I from İ, and the endings of words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Case = Literal["in", "from", "to", "with"]

LETTERS = frozenset("çğıöşüÇĞİÖŞÜ")
_LOWER = str.maketrans({"I": "ı", "İ": "i", "Â": "a", "â": "a", "Î": "i", "î": "i", "û": "u"})
_FOLD = str.maketrans("çğıöşü", "cgiosu")
_SOFT = {"b": "p", "c": "ç", "d": "t", "g": "k", "ğ": "k"}
_DEEPEST = 4

# Folded endings by the English preposition they stand for; the plain ones add no word.
_CASES: dict[Case, str] = {
    "in": "da de ta te nda nde daki deki taki teki ndaki ndeki",
    "from": "dan den tan ten ndan nden",
    "with": "la le yla yle",
    "to": "a e ya ye na ne",
}
_PLAIN = "i u yi yu ni nu in un nin nun si su im um imiz umuz miz muz iniz unuz niz nuz li lu"
_PLURALS = frozenset({"lar", "ler"})
_CASE_OF: dict[str, Case] = {
    ending: case for case, endings in _CASES.items() for ending in endings.split()
}
# Endings that can only mark what a verb acts on; a bare -i may as well mean "its".
_OBJECT = re.compile(r"(?:[aeiu]y[iu]|[iu]n[iu]|[mn][iu]z[iu])$")
_CLEAR_CASE = re.compile(r".{3}(?:(nda|nde|larda|lerde)|(ndan|nden|lardan|lerden))$")
_LONGEST_FIRST = sorted({*_PLAIN.split(), *_PLURALS, *_CASE_OF}, key=lambda one: (-len(one), one))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stem:
    """A possible dictionary form of a word, and what its endings said."""

    text: str
    case: Case | None = None
    plural: bool = False
    object: bool = False


def lower(text: str) -> str:
    """Return text in lower case by Turkish rules: I becomes ı, and İ becomes i."""
    return text.translate(_LOWER).lower().replace("\u0307", "")


def fold(text: str) -> str:
    """Return lower-case text without Turkish letters, for people who type without them."""
    return lower(text).translate(_FOLD)


def stems(word: str) -> Iterator[Stem]:
    """Yield the ways to read a lower-case word as stem and endings, least taken off first."""
    level = {word: Stem(text=word)}
    seen: set[str] = set()
    for _ in range(_DEEPEST + 1):
        yield from level.values()
        seen |= level.keys()
        shorter = [cut for stem in level.values() for cut in _shortened(stem)]
        level = {cut.text: cut for cut in reversed(shorter) if cut.text not in seen}


def case_of(ending: str) -> Case | None:
    """Return what the ending after an apostrophe says: the "da" of "ESP32'da" is "in"."""
    whole = stems("xx" + fold(ending))
    return next((stem.case for stem in whole if stem.text == "xx"), None)


def clear_case(word: str) -> Case | None:
    """Return the case an unknown word shows beyond doubt: "duraklarında" can only be a place."""
    found = _CLEAR_CASE.search(fold(word))
    return None if found is None else "in" if found[1] else "from"


def _shortened(stem: Stem) -> Iterator[Stem]:
    folded = fold(stem.text)
    for ending in _LONGEST_FIRST:
        rest = stem.text[: -len(ending)]
        if not folded.endswith(ending) or len(rest) < 2:
            continue
        plural = stem.plural or ending in _PLURALS
        case = stem.case or _CASE_OF.get(ending)
        acted_on = stem.object or bool(_OBJECT.search(folded) and case is None)
        shorter = replace(stem, text=rest, case=case, plural=plural, object=acted_on)
        yield shorter
        if rest[-1] in _SOFT and re.match("[aeiu]", ending):
            yield replace(shorter, text=rest[:-1] + _SOFT[rest[-1]])


_PASSIVE = r"(?:in|un|il|ul|n|l)?"
_FINITE = re.compile(
    _PASSIVE
    + r"(?:m[ae]k|[iu]?yor(?:um|uz|lar|sunuz)?|[dt][iu](?:k|lar|ler|n[iu]z)?|y?[ae]ca[gk]\w*"
    r"|y?ece[gk]\w*|[aeiu]?r(?:[iu]z|lar|ler|s[iu]n[iu]z)?|y?[iu]n(?:[iu]z)?|y?[ae]l[iu]m|m[iu]s)?"
)
_NOMINAL = re.compile(_PASSIVE + r"(?:m[ae]|y?[ae]n)")


def verb_form(word: str, stem: str) -> Literal["finite", "nominal"] | None:
    """Say how `word` uses a verb stem: as the act of a sentence, as a noun, or not at all.

    Both are folded. "izliyoruz" and "izlemek" are finite, "izlenme" and "izleyen" nominal.
    """
    starts = [stem] + ([stem[:-1]] if stem[-1] in "aeiu" else [])
    for start in starts:
        rest = word[len(start) :]
        if not word.startswith(start) or (start != stem and not re.match("[iu]yor", rest)):
            continue
        if _NOMINAL.fullmatch(rest):
            return "nominal"
        if _FINITE.fullmatch(rest):
            return "finite"
    return None
