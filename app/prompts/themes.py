"""Which theme and template a topic gets: its hashtag decides, else the words it uses."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.prompts import turkish
from app.prompts.templates import Library, Template

# Tags people use for a theme besides its own name, folded.
TAG_NAMES = {"teknoloji": "tech", "technology": "tech", "nesnelerininterneti": "iot"}


class ThemeUnknown(ValueError):
    """There is no theme of this name; `themes()` lists them."""


class TemplateUnknown(ValueError):
    """There is no template of this name; `templates(theme)` lists them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The template for a topic, and whether its theme was only guessed from the words."""

    template: Template
    guessed: bool


def tag_themes(library: Library) -> dict[str, str]:
    """Return the folded hashtags that choose a theme, with the theme of each."""
    names = {turkish.fold(theme): theme for theme in library.themes}
    # "#IOT" folds to "ıot" by Turkish rules, and both spellings mean the theme.
    plain = {theme.lower(): theme for theme in library.themes}
    aliases = {tag: theme for tag, theme in TAG_NAMES.items() if theme in library.themes}
    return aliases | names | plain


def choose(
    text: str,
    tags: Sequence[str],
    library: Library,
    *,
    theme: str | None = None,
    template: str | None = None,
) -> Choice:
    """Choose for a topic: a template asked for by id, else hashtag, asked theme, or words.

    The same words always choose the same template. Raises TemplateUnknown or ThemeUnknown.
    """
    if template is not None:
        named = next((one for one in library.templates if one.id == template), None)
        if named is None:
            raise TemplateUnknown(f"There is no template {template!r}.")
        return Choice(template=named, guessed=False)
    if theme is not None and theme not in library.themes:
        raise ThemeUnknown(f"There is no theme {theme!r}; there are {', '.join(library.themes)}.")
    certain = _tagged(tags, library) or theme
    pool = library.of(certain) if certain else library.templates
    return Choice(template=_likeliest(text, pool), guessed=certain is None)


def _tagged(tags: Sequence[str], library: Library) -> str | None:
    known = tag_themes(library)
    spellings = (spelled for tag in tags for spelled in (tag.lower(), turkish.fold(tag)))
    return next((known[tag] for tag in spellings if tag in known), None)


def _likeliest(text: str, pool: Sequence[Template]) -> Template:
    spoken = _forms(text)
    scores = [_score(template, spoken) for template in pool]
    best = [one for one, score in zip(pool, scores, strict=True) if score == max(scores)]
    # Ties are settled by the topic itself, so that the next seed keeps the template.
    return best[zlib.crc32(turkish.fold(text).encode()) % len(best)]


def _score(template: Template, spoken: Collection[str]) -> int:
    """Count the template's words in a topic; a phrase counts once for each of its words."""
    words = {word for language in template.words.values() for word in language}
    return sum(len(word.split()) for word in words if _heard(word, spoken))


def _heard(word: str, spoken: Collection[str]) -> bool:
    # "güneş paneli" is also meant by "güneş panelleri", whose stem has lost the last letter.
    return all(
        part in spoken or (len(part) > 4 and part[-1] in "iu" and part[:-1] in spoken)
        for part in turkish.fold(word).split()
    )


def _forms(text: str) -> set[str]:
    """Return every folded word of a topic with and without its endings, Turkish and English."""
    forms: set[str] = set()
    for word in re.findall(r"\w+", turkish.fold(text.replace("I", "i"))):
        forms |= {stem.text for stem in turkish.stems(word) if len(stem.text) > 1}
        forms |= {word.removesuffix("s"), word.removesuffix("es")}
        forms |= {word.removesuffix("ies") + "y"} if word.endswith("ies") else set()
    return forms
