"""Topics into English: Turkish words are looked up and put into English order, offline.

What is not understood is left out and named, so that Turkish never reaches an image model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from app.prompts import turkish
from app.prompts.language import detect
from app.prompts.lexicon import LONGEST_PHRASE, Lexicon, Meaning, lexicon

_TOKEN = re.compile(
    r"%\s?[0-9]+(?:[.,][0-9]+)?"
    r"|(?:[0-9]+,(?=[0-9]))*[^\W_](?:[\w+#./°-]*[\w+#°])?(?:'[^\W\d_]+)?"
    r"|[,;:.!?()\n–—-]"
)
_BREAKS = frozenset(";:.!?()\n–—-")
_SYMBOLS = {
    "°": " degrees ",
    "µ": "u",
    "μ": "u",
    "€": " EUR ",
    "₺": " TL ",
    "×": "x",
    "\u2044": "/",
    "ß": "ss",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class English:
    """A topic in English, and the words of it that were not understood and are left out."""

    text: str
    unknown: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class _Clause:
    """One clause on its way into English: closed phrases, and the one still being filled."""

    closed: list[list[str]] = field(default_factory=list)
    open: list[Meaning] = field(default_factory=list)
    last: str = ""


def to_english(text: str, language: str | None = None) -> English:
    """Translate a topic; `language` decides only when the words themselves do not.

    English passes through, with letters outside ASCII folded or left out.
    """
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    tidy = re.sub(r"(?<=[0-9])\s*°\s*", "°", re.sub(r"\b[yY]üzde (?=[0-9])", "%", plain))
    source = detect(tidy) or language or "en"
    return _from_turkish(tidy) if source == "tr" else _from_english(tidy)


def _from_english(text: str) -> English:
    if text.isascii():
        return English(text=to_ascii(" ".join(text.split())), unknown=())
    kept: list[str] = []
    unknown: list[str] = []
    for word in text.split():
        plain = _english_word(word)
        if plain is None:
            unknown.append(word.strip(".,;:!?()'\""))
        else:
            kept.append(plain)
    return English(text=" ".join(" ".join(kept).split()), unknown=tuple(unknown))


def _english_word(word: str) -> str | None:
    """Return a word of an English topic in ASCII; None for one nobody can read in English."""
    bare = word.strip(".,;:!?()'\"")
    if turkish.LETTERS & set(bare) and not bare[:1].isupper():
        found = lexicon().word(bare)
        return found.english if found else None
    if any(char.isalpha() and not _latin(char) for char in bare):
        return None
    return to_ascii(word)


def _latin(char: str) -> bool:
    return char in _SYMBOLS or unicodedata.name(char, "").startswith("LATIN")


def to_ascii(text: str) -> str:
    """Return text in printable ASCII: accents off, known symbols spelled, the rest dropped."""
    for symbol, spelled in _SYMBOLS.items():
        text = text.replace(symbol, spelled)
    text = text.translate(str.maketrans("ıİ–—‘’“”", "iI--''\"\""))
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if " " <= char <= "~").strip()


def _from_turkish(text: str) -> English:
    known = lexicon()
    words = list(_tokens(text, known))
    shouting = text.upper() == text
    unknown: list[str] = []
    clauses = [_Clause()]
    place = 0
    while place < len(words):
        word, length = words[place], 1
        if word in _BREAKS:
            clauses.append(_Clause())
        elif word == ",":
            _comma(clauses[-1])
        elif meaning := known.phrase(_words_from(words, place)) or _one(word, known, shouting):
            length = meaning.length
            _take(clauses[-1], meaning, known)
        else:
            unknown.append(word)
            _skip(clauses[-1], word, known)
        place += length
    sentences = (_sentence(clause, known) for clause in clauses)
    return English(text=", ".join(filter(None, sentences)), unknown=tuple(unknown))


def _tokens(text: str, known: Lexicon) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        joined = re.search(r"[^\W\d_][/-][^\W\d_]", token)
        if joined and turkish.fold(token.partition("'")[0]) not in known.names:
            yield from re.split(r"[/-]", token)
        else:
            yield token


def _words_from(tokens: list[str], start: int) -> list[str]:
    words: list[str] = []
    for word in tokens[start : start + LONGEST_PHRASE]:
        if word == "," or word in _BREAKS:
            break
        words.append(word)
    return words


def _one(token: str, known: Lexicon, shouting: bool) -> Meaning | None:
    base, apostrophe, ending = token.partition("'")
    if base.startswith("%"):
        return Meaning(english=f"{base[1:].strip()}%")
    name = known.names.get(turkish.fold(base))
    if name is None and _foreign(base, shouting=shouting):
        name = to_ascii(base)
    found = None if name else known.word(base)
    if name is None and found is None and apostrophe and base[:1].isupper():
        # Turkish sets endings of proper names, and of nothing else, off with an apostrophe.
        name = to_ascii(base)
    if name is not None:
        found = Meaning(english=name)
    if found is None or not apostrophe:
        return found
    return replace(found, case=turkish.case_of(ending))


def _foreign(word: str, *, shouting: bool) -> bool:
    """Whether a word is a name by its looks: digits, capitals inside, or capitals only."""
    if any(char.isalpha() and not _latin(char) for char in word):
        return False
    if any(char.isdigit() for char in word):
        return bool(to_ascii(word)) and not set(word) & turkish.LETTERS
    return word.isascii() and not shouting and any(char.isupper() for char in word[1:])


def _comma(clause: _Clause) -> None:
    if clause.open:
        clause.open[-1] = replace(clause.open[-1], english=clause.open[-1].english + ",")


def _take(clause: _Clause, meaning: Meaning, known: Lexicon) -> None:
    """Add one meaning; an ending or a word like "için" closes the phrase it stands in."""
    if meaning.kind == "silent":
        return
    if meaning.kind == "after":
        if clause.open:
            _close(clause, meaning.english, known)
        elif clause.closed:
            # "saldırılara karşı": the ending already closed it, the word says what it meant.
            clause.closed[-1][0] = meaning.english
        return
    clause.open.append(meaning)
    if meaning.case is not None:
        on = meaning.case == "in" and meaning.english in known.standing_on
        _close(clause, "on" if on else meaning.case, known)


def _skip(clause: _Clause, word: str, known: Lexicon) -> None:
    """Leave an unknown word out, but let its ending close the phrase it stood in."""
    case = turkish.clear_case(word)
    if case is not None and any(meaning.kind == "noun" for meaning in clause.open):
        _close(clause, case, known)


def _close(clause: _Clause, preposition: str, known: Lexicon) -> None:
    # What a verb acts on is no part of the phrase after it: "seviyeyi sensörle ölçmek".
    acted_on = [at for at, word in enumerate(clause.open[:-1], start=1) if word.object]
    start = acted_on[-1] if acted_on else 0
    words, clause.open = clause.open[start:], clause.open[:start]
    joined = words[0].english if words[0].kind == "joining" else ""
    phrase = _phrase(words[1:] if joined else words, known)
    if joined and clause.closed:
        clause.closed[-1] += [joined, *([] if clause.last == preposition else [preposition])]
        clause.closed[-1].append(phrase)
    elif clause.last == "from" and preposition == "to" and clause.closed:
        clause.closed[-1] += [preposition, phrase]
    else:
        clause.closed.append([preposition, phrase])
    clause.last = preposition


def _sentence(clause: _Clause, known: Lexicon) -> str:
    head = _phrase(clause.open, known)
    closed = [list(group) for group in clause.closed]
    if not head and closed:
        # Nothing but phrases: one is named without its preposition, several stay as they came.
        head = " ".join(closed.pop()[1:] if len(closed) == 1 else closed.pop(0))
    parts = [head, *(" ".join(group) for group in reversed(closed))]
    return " ".join(filter(None, parts)).strip(" ,").replace("joining to ", "joining ")


def _phrase(words: list[Meaning], known: Lexicon) -> str:
    """Put one phrase into English order: the act first, then things as they came."""
    while words and words[-1].kind == "joining":
        words = words[:-1]
    acts = [word.english for word in words if word.kind == "act"]
    things = [word for word in words if word.kind != "act"]
    texts = [_numbered(things, place, known) for place in range(len(things))]
    ordered = [*texts, *acts] if set(acts) <= known.intransitive else [*acts, *texts]
    return " ".join(ordered).strip(" ,")


def _numbered(things: list[Meaning], place: int, known: Lexicon) -> str:
    """Return a thing, in the plural where English wants one: never before another noun."""
    word = things[place]
    text = word.english.rstrip(",")
    comma = word.english[len(text) :]
    last = place + 1 == len(things) or bool(comma) or things[place + 1].kind == "joining"
    counted = any(_is_many(thing.english) for thing in things[:place])
    plural = last and (word.plural or counted)
    if not plural or {text, text.rsplit(" ", 1)[-1]} & known.uncountable:
        return word.english
    return _plural(text) + comma


def _is_many(text: str) -> bool:
    return text in {"two", "three", "four", "five"} or (text.isdigit() and text != "1")


def _plural(text: str) -> str:
    irregular = {"woman": "women", "child": "children", "leaf": "leaves", "shelf": "shelves"}
    head, space, last = text.rpartition(" ")
    if last in irregular:
        return head + space + irregular[last]
    if last.endswith(("ing", "s")):
        return text if last.endswith(("ing", "ics")) else text + "es"
    if re.search(r"[^aeiou]y$", last):
        return text[:-1] + "ies"
    return text + ("es" if last.endswith(("x", "ch", "sh")) else "s")
