"""compose(): from what a person typed to a prompt and texts, whatever they typed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.prompts import Composition, TemplateUnknown, ThemeUnknown, TopicEmpty, compose
from app.prompts.cleaning import LONGEST_TOPIC, clean

TOPIC = "Sera sulamasında sensörle %30 su tasarrufu #iot"


def made(topic: str, **options: str) -> Composition:
    return compose(topic, seed=1, **options)  # type: ignore[arg-type]


def test_the_example_of_the_product_page_becomes_a_post() -> None:
    post = made(TOPIC)
    assert (post.theme, post.theme_guessed, post.template_id) == ("iot", False, "greenhouse")
    assert post.subject == "30% water saving with sensor in greenhouse irrigation"
    assert post.prompt.startswith(post.subject)
    assert post.caption.startswith("Sera sulamasında sensörle %30 su tasarrufu\n")
    assert post.hashtags[0] == "#AkıllıTarım"
    assert post.unknown == ()


def test_equal_arguments_give_equal_posts() -> None:
    assert made(TOPIC) == made(TOPIC)


def test_another_seed_changes_the_scene_and_keeps_template_and_subject() -> None:
    posts = [compose("Zıpzıp", seed=seed) for seed in range(12)]
    assert len({post.prompt for post in posts}) > 6
    assert len({(post.template_id, post.subject) for post in posts}) == 1


def test_a_post_cannot_be_changed() -> None:
    post = made(TOPIC)
    with pytest.raises(FrozenInstanceError):
        post.prompt = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        post.slots["mood"] = "other"  # type: ignore[index]


@pytest.mark.parametrize(
    "topic,theme",
    [
        ("#tech Sera sulaması", "tech"),
        ("Sera sulaması #teknoloji", "tech"),
        ("Bulut yedekleme #IoT", "iot"),
        ("Bulut yedekleme #IOT", "iot"),
        ("Bulut yedekleme #İot", "iot"),
        ("Bulut yedekleme\nikinci satır #iot", "iot"),
    ],
)
def test_a_theme_hashtag_wins_and_leaves_the_text(topic: str, theme: str) -> None:
    post = made(topic, theme="iot")
    assert (post.theme, post.theme_guessed) == (theme, False)
    assert "#" not in post.caption + post.subject


@pytest.mark.parametrize(
    "topic,theme,template",
    [
        ("Sera sulaması", "iot", "greenhouse"),
        ("Fabrikamızda kestirimci bakım", "iot", "factory"),
        ("Elektrik faturasını düşürmek", "iot", "energy"),
        ("Aşı deposunda soğuk zincir", "iot", "cold-chain"),
        ("LoRaWAN kapsama alanı", "iot", "gateway"),
        ("Devre kartında yeni çip", "iot", "sensor-macro"),
        ("Akıllı şehirde otopark", "iot", "city"),
        ("Buluta geçiş ve yedekleme", "tech", "cloud"),
        ("Parola ve şifreleme", "tech", "security"),
        ("Grafiklerle raporlama", "tech", "data"),
        ("Yapay zekâ modelimiz", "tech", "ai"),
        ("Yazılım ekibimize mühendis arıyoruz", "tech", "software-team"),
        ("Yeni sürümün lansmanı", "tech", "launch"),
        ("Cold storage temperature logging", "iot", "cold-chain"),
        ("Phishing awareness for employees", "tech", "security"),
        ("Predictive maintenance on the factory floor", "iot", "factory"),
    ],
)
def test_without_a_hashtag_the_words_choose_and_the_guess_is_marked(
    topic: str, theme: str, template: str
) -> None:
    post = made(topic)
    assert (post.theme, post.template_id, post.theme_guessed) == (theme, template, True)


def test_an_asked_theme_is_no_guess() -> None:
    post = made("Sera sulaması", theme="tech")
    assert (post.theme, post.theme_guessed) == ("tech", False)


def test_an_asked_template_is_used_with_its_theme() -> None:
    post = made("Sera sulaması #iot", template="cloud")
    assert (post.template_id, post.theme, post.template_version) == ("cloud", "tech", 1)


def test_an_unknown_theme_or_template_is_refused() -> None:
    with pytest.raises(ThemeUnknown, match="cooking"):
        made("Sera", theme="cooking")
    with pytest.raises(TemplateUnknown, match="pasta"):
        made("Sera", template="pasta")


@pytest.mark.parametrize(
    "topic,language", [("Sera sulaması", "tr"), ("Greenhouse irrigation", "en")]
)
def test_the_texts_are_in_the_language_of_the_topic(topic: str, language: str) -> None:
    assert made(topic).language == language


def test_an_asked_language_is_that_of_the_texts_and_the_prompt_stays_english() -> None:
    post = made("Sera sulaması", language="en")
    assert post.hashtags[0] == "#SmartFarming"
    assert post.subject == "greenhouse irrigation"


def test_unknown_words_are_left_out_of_the_prompt_and_named() -> None:
    post = made("Hoppala sensörü")
    assert (post.subject, post.unknown) == ("sensor", ("Hoppala",))
    assert "oppala" not in post.prompt
    assert post.caption.startswith("Hoppala sensörü")


def test_a_topic_nobody_understands_shows_what_the_template_shows() -> None:
    post = made("Şıkırdım hoppala #iot")
    assert post.unknown == ("Şıkırdım", "hoppala")
    assert post.subject.isascii()
    assert len(post.subject.split()) > 2


def test_a_corrected_subject_replaces_the_translation() -> None:
    post = made("Hoppala sensörü", subject="bouncy sensör on a desk.")
    assert (post.subject, post.unknown) == ("bouncy sensor on a desk", ())


def test_a_palette_of_the_brand_replaces_the_drawn_one() -> None:
    post = made(TOPIC, palette="lacivert ve turuncu")
    assert post.slots["palette"] == "navy blue and orange"
    assert "navy blue and orange" in post.prompt


def test_a_palette_nobody_understands_is_not_sent() -> None:
    assert made(TOPIC, palette="şıkırdım").slots == made(TOPIC).slots


def test_one_slot_changes_and_the_others_stay() -> None:
    plain = compose(TOPIC, seed=7)
    closer = compose(TOPIC, seed=7, slots={"angle": "extreme close-up, 100mm macro lens"})
    assert closer.slots["angle"] == "extreme close-up, 100mm macro lens"
    assert {**closer.slots, "angle": ""} == {**plain.slots, "angle": ""}


@pytest.mark.parametrize(
    "topic",
    ["", "  \n\t", "🚀🌱", "👨‍🌾", "1️⃣2️⃣", "🇹🇷", "#iot", "#iot #tech", "...", "\u200b", "2026"],
)
def test_a_topic_without_a_word_is_refused(topic: str) -> None:
    with pytest.raises(TopicEmpty):
        made(topic)


@pytest.mark.parametrize("topic", ["{{ 7*7 }} sensor", "{% for x in y %} sensor", "{# sensor #}"])
def test_template_code_in_a_topic_stays_text(topic: str) -> None:
    post = made(topic)
    assert "49" not in post.caption + post.prompt
    assert "{" in post.caption


def test_jinja_in_a_topic_is_shown_as_it_was_typed() -> None:
    assert made("{{ 7*7 }} sensor").caption.startswith("{{ 7*7 }} sensor\n")


@pytest.mark.parametrize(
    "typed,shown",
    [
        ("<b>Akıllı</b> şehir", "Akıllı şehir"),
        ("**Akıllı** `şehir`", "Akıllı şehir"),
        ("[Akıllı şehir](https://example.com)", "Akıllı şehir"),
        ("# Akıllı şehir", "Akıllı şehir"),
        ("- Akıllı şehir", "Akıllı şehir"),
        ("Akıllı\u200b şe\u00adhir\u202e", "Akıllı şehir"),
        ("Akıllı\x00\x07   şehir", "Akıllı şehir"),
        ("Akıllı şehir 🌆", "Akıllı şehir 🌆"),
        ("\n\n🚀\nAkıllı şehir\nikinci satır", "Akıllı şehir"),
        ("#AkıllıŞehir otopark", "AkıllıŞehir otopark"),
        ("Akıllı şehir #otopark #park", "Akıllı şehir"),
        ("@linkedin Akıllı şehir", "Akıllı şehir"),
        ("Nem < 40 iken uyarı", "Nem < 40 iken uyarı"),
    ],
)
def test_the_caption_begins_with_the_cleaned_first_line(typed: str, shown: str) -> None:
    assert made(typed).caption.split("\n")[0] == shown


def test_addresses_stay_in_the_caption_and_out_of_the_picture() -> None:
    post = made("Sensor guide https://example.com/x")
    assert "https://example.com/x" in post.caption
    assert post.subject == "Sensor guide"


def test_own_hashtags_come_first_and_none_twice() -> None:
    tags = made("Sera sulaması #DamlaSulama #akıllıtarım #iot").hashtags
    assert tags[:2] == ("#DamlaSulama", "#akıllıtarım")
    assert "#AkıllıTarım" not in tags


def test_a_question_reads_well_in_the_alt_text() -> None:
    assert made("Sera nasıl sulanır?").alt_text.startswith("Sera nasıl sulanır:")


def test_a_long_topic_is_cut_at_a_word_and_its_subject_sooner() -> None:
    post = made("sensor data " * 100)
    topic = post.caption.split("\n")[0]
    assert len(topic) <= LONGEST_TOPIC
    assert topic.endswith(("sensor", "data"))
    assert len(post.subject) <= 160


MESSY = st.one_of(
    st.text(max_size=600),
    st.lists(
        st.sampled_from(
            [
                "sera",
                "İÇİN",
                "#iot",
                "ğüşöç",
                "{{x}}",
                "{%",
                "\u202e",
                "🚀",
                "<b>",
                "'",
                "Ω",
                "%30",
            ]
        ),
        max_size=40,
    ).map(" ".join),
)


@given(topic=MESSY, seed=st.integers(), language=st.sampled_from(["tr", "en", None]))
def test_whatever_is_typed_the_prompt_is_english_letters_of_sane_length(
    topic: str, seed: int, language: str | None
) -> None:
    try:
        post = compose(topic, seed=seed, language=language)
    except TopicEmpty:
        return
    assert all(" " <= char <= "~" for char in post.prompt)
    assert 25 <= len(post.prompt.split()) <= 150
    assert len(post.caption) <= 1024


@given(text=st.text(max_size=200))
def test_cleaning_leaves_nothing_invisible_and_nothing_to_clean(text: str) -> None:
    once = clean(text)
    assert all(char.isprintable() or char == "\n" for char in once)
