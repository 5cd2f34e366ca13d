"""The template library: complete, in two languages, and helpful about a broken file."""

from __future__ import annotations

from itertools import chain, product
from pathlib import Path

import pytest
from jinja2 import TemplateError

from app.prompts import TemplateBroken, compose, load_library, templates, themes
from app.prompts.glossary import to_english
from app.prompts.templates import ENVIRONMENT, SLOTS, Template, built_in, read_template
from app.prompts.themes import ThemeUnknown

ALL = built_in().templates
TEMPLATES = pytest.mark.parametrize("template", ALL, ids=lambda one: one.id)
SOURCE = """
id = "mine"
version = 1
subject = "robot arm"
prompt = "{{ subject }}, {{ setting }}, {{ light }}, {{ angle }}, {{ mood }}, {{ palette }}"
[title]
tr = "Benim"
en = "Mine"
[words]
tr = ["robot"]
en = ["robot"]
[slots]
setting = ["a hall"]
light = ["daylight"]
angle = ["35mm lens"]
mood = ["calm"]
palette = ["blue"]
[caption]
tr = ["{{ topic }} başladı."]
en = ["{{ topic }} has begun."]
[hashtags]
tr = ["#Robot"]
en = ["#Robot"]
[alt]
tr = "{{ topic }}"
en = "{{ topic }}"
"""


def broken(source: str) -> TemplateBroken:
    with pytest.raises(TemplateBroken) as caught:
        read_template(source.encode(), theme="tech", file="tech/mine.toml")
    return caught.value


def line_of(text: str, source: str = SOURCE) -> int:
    return next(at for at, line in enumerate(source.splitlines(), start=1) if text in line)


def captions(template: Template) -> list[str]:
    return list(chain.from_iterable(template.caption.values()))


def test_nothing_in_the_library_is_broken() -> None:
    assert built_in().broken == ()


def test_both_themes_have_at_least_six_templates() -> None:
    assert themes() == ("iot", "tech")
    assert all(len(templates(theme)) >= 6 for theme in themes())


def test_template_ids_are_unique_and_titled_in_both_languages() -> None:
    listed = [title for theme in themes() for title in templates(theme)]
    assert len({title.id for title in listed}) == len(listed) == len(ALL)
    assert all(set(title.titles) == {"tr", "en"} for title in listed)


def test_an_unknown_theme_has_no_templates() -> None:
    with pytest.raises(ThemeUnknown, match="cooking"):
        templates("cooking")


@TEMPLATES
def test_every_combination_of_slots_makes_a_prompt_of_30_to_80_words(template: Template) -> None:
    prompt = ENVIRONMENT.from_string(template.prompt)
    for values in product(*(template.slots[slot] for slot in SLOTS)):
        scene = dict(zip(SLOTS, values, strict=True))
        for subject in ("sensor", template.subject, "soil moisture sensor for greenhouse " * 3):
            assert 30 <= len(prompt.render(subject=subject, **scene).split()) <= 80


@TEMPLATES
def test_every_prompt_has_the_style_words_and_a_lens(template: Template) -> None:
    for word in ("professional", "photorealistic", "modern"):
        assert word in template.prompt
    assert all("lens" in angle for angle in template.slots["angle"])


@TEMPLATES
def test_no_prompt_asks_for_text_or_says_what_not_to_paint(template: Template) -> None:
    asked = " ".join([template.prompt, *chain.from_iterable(template.slots.values())]).lower()
    words = set(asked.replace(",", " ").split())
    assert not words & {"no", "not", "without", "avoid", "logo", "text", "lettering", "sign"}


@TEMPLATES
def test_every_slot_offers_a_choice(template: Template) -> None:
    assert all(len(template.slots[slot]) >= 3 for slot in SLOTS)


@TEMPLATES
def test_every_language_has_three_captions_that_name_the_topic(template: Template) -> None:
    assert all(len(found) >= 3 for found in template.caption.values())
    assert all("{{ topic }}" in text for text in captions(template))


@TEMPLATES
def test_captions_leave_room_for_a_long_topic_and_the_hashtags(template: Template) -> None:
    assert max(map(len, captions(template))) <= 400


@TEMPLATES
def test_captions_are_plain_speech(template: Template) -> None:
    hype = {"revolution", "game-changer", "cutting-edge", "unleash", "devrim", "çığır", "eşsiz"}
    assert not any(word in text.lower() for text in captions(template) for word in hype)
    assert not any("!" in text for text in captions(template))


@TEMPLATES
def test_hashtags_are_few_and_keep_their_letters(template: Template) -> None:
    assert all(3 <= len(tags) <= 5 for tags in template.hashtags.values())


def test_turkish_hashtags_keep_turkish_letters() -> None:
    assert "#AkıllıTarım" in next(one for one in ALL if one.id == "greenhouse").hashtags["tr"]


@TEMPLATES
def test_the_glossary_knows_every_turkish_word_a_template_listens_for(template: Template) -> None:
    unknown = [word for word in template.words["tr"] if to_english(word, "tr").unknown]
    assert unknown == []


def test_a_good_file_of_ones_own_is_added(tmp_path: Path) -> None:
    (tmp_path / "tech").mkdir()
    (tmp_path / "tech" / "mine.toml").write_text(SOURCE, encoding="utf-8")
    made = compose("Robot kolu", template="mine", seed=1, library=load_library(tmp_path))
    assert made.prompt == "robot arm, a hall, daylight, 35mm lens, calm, blue"


def test_a_file_with_a_known_id_replaces_that_template(tmp_path: Path) -> None:
    (tmp_path / "tech").mkdir()
    mine = SOURCE.replace('"mine"', '"cloud"')
    (tmp_path / "tech" / "cloud.toml").write_text(mine, encoding="utf-8")
    library = load_library(tmp_path)
    assert len(library.templates) == len(ALL)
    assert compose("x", template="cloud", seed=1, library=library).slots["light"] == "daylight"


def test_a_folder_of_its_own_makes_a_theme_with_its_hashtag(tmp_path: Path) -> None:
    (tmp_path / "robots").mkdir()
    (tmp_path / "robots" / "mine.toml").write_text(SOURCE, encoding="utf-8")
    library = load_library(tmp_path)
    made = compose("Our new arm #robots", seed=1, library=library)
    assert (made.theme, made.theme_guessed, made.subject) == ("robots", False, "Our new arm")


def test_a_broken_file_is_reported_and_the_rest_still_work(tmp_path: Path) -> None:
    (tmp_path / "tech").mkdir()
    (tmp_path / "tech" / "bad.toml").write_text("id = ", encoding="utf-8")
    library = load_library(tmp_path)
    assert [(fault.file, fault.line) for fault in library.broken] == [("tech/bad.toml", 1)]
    assert library.templates == ALL


def test_a_missing_folder_is_no_fault(tmp_path: Path) -> None:
    assert load_library(tmp_path / "nothing").broken == ()


@pytest.mark.parametrize(
    "old,new,at,reason",
    [
        ("version = 1", "version = ", "version", "Invalid value"),
        ("version = 1", 'version = "1"', "version", "whole number"),
        ('id = "mine"', 'id = ""', "id =", "must be a text"),
        ('mood = ["calm"]', "mood = []", "mood =", "list of texts"),
        ('mood = ["calm"]', 'mood = ["sakın"]', "mood =", "plain ASCII, not 'ı'"),
        ('tr = ["#Robot"]', 'tr = ["Robot"]', "", "no hashtag"),
        ("{{ mood }}", "{{ mod }}", "prompt", "not 'mod'"),
        ("{{ mood }}", "{{ mood", "prompt", "prompt: "),
        ("{{ topic }} başladı.", "{{ subject }}", "", "knows topic, not 'subject'"),
    ],
)
def test_a_fault_is_named_with_its_line(old: str, new: str, at: str, reason: str) -> None:
    fault = broken(SOURCE.replace(old, new, 1))
    assert reason in fault.reason
    assert fault.line == (line_of(at) if at else line_of(old))


def test_a_missing_table_is_named() -> None:
    assert "alt.tr is missing" in broken(SOURCE.split("[alt]")[0]).reason


def test_a_file_that_is_not_utf8_is_named_with_its_line() -> None:
    with pytest.raises(TemplateBroken, match="UTF-8") as caught:
        read_template(b"id = 1\n\xff", theme="tech", file="tech/mine.toml")
    assert caught.value.line == 2


@pytest.mark.parametrize("attack", ["{{ ''.__class__.__mro__ }}", "{{ subject.append(1) }}"])
def test_template_code_runs_in_a_sandbox(attack: str) -> None:
    with pytest.raises(TemplateError):
        ENVIRONMENT.from_string(attack).render(subject="x")
