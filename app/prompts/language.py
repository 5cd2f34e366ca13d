"""Which language a topic is in: by the words both sides of the glossary know, then by looks."""

from __future__ import annotations

import re

from app.prompts import turkish
from app.prompts.lexicon import LONGEST_PHRASE, Lexicon, lexicon

_ENGLISH_LOOK = (
    r"[qwx]|th|sh|ch|ck|ph|ee|oo|ea|ou|oa|ll|ss$"
    r"|(?:ing|ed|ion|ment|ness|ous|ble)$|[^aeiou]y$"
)
_TURKISH_LOOK = (
    r"(?:l[ae]r[iu]?|l[iu]k|m[ae]k|d[iu]r|[iu]yor|[dt][ae]n?|[iu]m[iu]z|[ns][iu]n?|s[iu]z"
    r"|[cl][iu])$"
)


def detect(text: str) -> str | None:
    """Return "tr" or "en" by the words of a topic; None when they do not say."""
    known = lexicon()
    words = re.findall(r"([^\W\d_]+)(?:'([^\W\d_]+))?", text.replace("’", "'"))
    score = sum(_leaning(word, ending, known) for word, ending in words)
    score += _phrases([word for word, _ in words], known)
    score = score or sum(_looks(turkish.fold(word)) for word, _ in words)
    return None if score == 0 else "tr" if score > 0 else "en"


def _leaning(word: str, ending: str, known: Lexicon) -> int:
    """Weigh one word: above 0 for Turkish, below for English, 0 where it says nothing."""
    turkish_word, english_word = known.is_turkish(word), word.lower() in known.english
    signs = bool(turkish.LETTERS & set(word)) + (turkish.case_of(ending) is not None)
    return (turkish_word and not english_word) - (english_word and not turkish_word) + signs


def _phrases(words: list[str], known: Lexicon) -> int:
    """Count the Turkish phrases: "robot kolu" is one, though "robot" is English as well."""
    starts = (words[at : at + LONGEST_PHRASE] for at in range(len(words)))
    found = ((start, known.phrase(start)) for start in starts)
    return sum(
        meaning is not None
        and meaning.english.lower() != " ".join(start[: meaning.length]).lower()
        for start, meaning in found
    )


def _looks(folded: str) -> int:
    """Guess an unknown word's language by letters the other one does not put together."""
    if re.search(_ENGLISH_LOOK, folded):
        return -1
    return 1 if re.search(_TURKISH_LOOK, folded) else 0
