"""Topic and template become a post: English prompt, caption, hashtags and picture description."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.prompts import turkish
from app.prompts.cleaning import HASHTAG, Topic, read_topic, without_addresses
from app.prompts.glossary import English, to_ascii, to_english
from app.prompts.language import detect
from app.prompts.templates import ENVIRONMENT, LANGUAGES, SLOTS, Library, Template, built_in
from app.prompts.themes import ThemeUnknown, choose, tag_themes

LONGEST_SUBJECT = 160
MOST_HASHTAGS = 8


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Everything a draft needs from its topic; `unknown` words were left out of the prompt."""

    theme: str
    theme_guessed: bool
    template_id: str
    template_version: int
    language: str
    subject: str
    unknown: tuple[str, ...]
    prompt: str
    caption: str
    hashtags: tuple[str, ...]
    alt_text: str
    slots: Mapping[str, str]
    seed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Title:
    """A template as a list shows it: its id, and its title by language."""

    id: str
    titles: Mapping[str, str]


def compose(
    topic: str,
    *,
    language: str | None = None,
    theme: str | None = None,
    template: str | None = None,
    seed: int,
    palette: str | None = None,
    slots: Mapping[str, str] | None = None,
    subject: str | None = None,
    library: Library | None = None,
) -> Composition:
    """Write the prompt and texts for a topic; equal arguments give equal results.

    `language` is that of the texts, by default the topic's own; `slots` and `palette` replace
    the seed's choice, `subject` the translation. Raises TopicEmpty, ThemeUnknown, TemplateUnknown.
    """
    shelf = library or built_in()
    read = read_topic(topic, frozenset(tag_themes(shelf)))
    chosen = choose(_all_words(topic, read), read.tags, shelf, theme=theme, template=template)
    spoken = language if language in LANGUAGES else detect(read.line) or "en"
    made, english = chosen.template, _english(read, spoken, subject)
    shown = english.text or made.subject
    picks = random.Random(seed)
    scene = _scene(made, picks, {**(slots or {}), **({"palette": palette} if palette else {})})
    return Composition(
        theme=made.theme,
        theme_guessed=chosen.guessed,
        template_id=made.id,
        template_version=made.version,
        language=spoken,
        subject=shown,
        unknown=english.unknown,
        prompt=_line(made.prompt, subject=shown, **scene),
        caption=_text(picks.choice(made.caption[spoken]), read.line),
        hashtags=_hashtags(made.hashtags[spoken], read, shelf),
        alt_text=_text(made.alt[spoken], read.line.rstrip(" .!?:;,")),
        slots=scene,
        seed=seed,
    )


def themes(library: Library | None = None) -> tuple[str, ...]:
    """Return the names of the themes."""
    return (library or built_in()).themes


def without_theme_tags(topic: str, library: Library | None = None) -> str:
    """Return a topic without the hashtags that choose a theme, for whoever wants another one."""
    known = tag_themes(library or built_in())
    return HASHTAG.sub(lambda tag: "" if tag[1].lower() in known else tag[0], topic)


def templates(theme: str, library: Library | None = None) -> tuple[Title, ...]:
    """Return the templates of a theme with their titles; raises ThemeUnknown."""
    found = (library or built_in()).of(theme)
    if not found:
        raise ThemeUnknown(f"There is no theme {theme!r}.")
    return tuple(Title(id=one.id, titles=one.title) for one in found)


def _all_words(topic: str, read: Topic) -> str:
    # A tag such as #GüneşEnerjisi is two words that help to choose.
    spelled = (re.sub(r"(?<=[^\W_A-ZÇĞİÖŞÜ])(?=[A-ZÇĞİÖŞÜ])", " ", tag) for tag in read.tags)
    return " ".join([topic, read.line, *spelled])


def _english(read: Topic, language: str, subject: str | None) -> English:
    if subject is not None and to_ascii(subject):
        return English(text=_shortened(to_ascii(subject)), unknown=())
    found = to_english(without_addresses(read.line), language)
    return English(text=_shortened(found.text), unknown=found.unknown)


def _shortened(text: str) -> str:
    """Cut a subject at a word: a longer one would drown the scene around it."""
    plain = " ".join(text.split()).strip(" .,;:!?")
    if len(plain) <= LONGEST_SUBJECT:
        return plain
    return (plain[:LONGEST_SUBJECT].rpartition(" ")[0] or plain[:LONGEST_SUBJECT]).rstrip(" ,;:")


def _scene(made: Template, picks: random.Random, fixed: Mapping[str, str]) -> Mapping[str, str]:
    """Choose one variant a slot; a fixed text is used in English, or not at all."""
    scene = {}
    for slot in SLOTS:
        drawn = picks.choice(made.slots[slot])
        scene[slot] = _shortened(to_english(fixed.get(slot, "")).text) or drawn
    return MappingProxyType(scene)


def _line(source: str, **values: str) -> str:
    return " ".join(ENVIRONMENT.from_string(source).render(**values).split())


def _text(source: str, topic: str) -> str:
    return ENVIRONMENT.from_string(source).render(topic=topic).strip()


def _hashtags(given: tuple[str, ...], read: Topic, library: Library) -> tuple[str, ...]:
    """Join the template's hashtags and the person's own, each once whatever its capitals."""
    theme_tags = tag_themes(library)
    own = (f"#{tag}" for tag in read.tags if tag.lower() not in theme_tags)
    unique: dict[str, str] = {}
    for tag in [*own, *given]:
        unique.setdefault(re.sub(r"_", "", turkish.fold(tag)), tag)
    return tuple(unique.values())[:MOST_HASHTAGS]
