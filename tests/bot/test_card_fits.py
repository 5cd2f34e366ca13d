"""Whatever a card holds, it fits into a caption and its HTML is accepted: in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.captions import CAPTION_LIMIT, check_post_text, utf16_length
from app.errors import TextTooLong
from app.models import (
    Brand,
    Delivery,
    DeliveryState,
    Destination,
    DestinationState,
    Draft,
    DraftState,
    Image,
    ImageState,
    Post,
)
from app.orders import Cost
from app.views import DraftView
from bot.cards import CardFacts, CardPainter, Picture
from bot.demo.html_markup import parse_html
from bot.texts import Texts, languages, load
from tests.bot.states import FAILURES

NOW = datetime(2031, 3, 4, 6, 0, tzinfo=UTC)
PICTURE = Picture(key="image-1", path=None, file_id="x", image_id=1)
PRICE = Cost(amount=3.0, unit="bfl_credit", usd=0.03, basis="estimated")

ODD = st.sampled_from(
    ["💧", "👩‍🌾", "<b>", "</b>", "&", "&amp;", '"', "<", ">", "İ", "\u200d", "\n"]
)
TEXT = st.one_of(st.text(max_size=80), st.lists(ODD, max_size=40).map("".join))
LONG = st.builds(lambda part, times: part * times, TEXT, st.integers(1, 40))
NAME = st.one_of(TEXT.filter(bool), LONG.map(lambda text: text[:128] or "x"))
TAGS = st.lists(st.text("abcçğıİ💧<&", min_size=1, max_size=30).map("#{}".format), max_size=8)


PLAIN = Draft(
    id=1,
    brand_id=1,
    number=1,
    topic_id=1,
    author_id=1,
    chat_id=1,
    thread_id=None,
    language="en",
    theme="iot",
    theme_guessed=True,
    template_id="x",
    subject="x",
    unknown_words=(),
    prompt="x",
    prompt_edited=False,
    caption_edited=False,
    seed=1,
    caption="x",
    hashtags=(),
    alt_text="x",
    state=DraftState.REVIEW,
    version=1,
    image_id=1,
    painting_id=None,
    failure=None,
    decided_by="Ada",
    decided_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """A draft that the services would have let through."""
    caption, hashtags = draw(LONG), tuple(draw(TAGS))
    try:
        check_post_text(caption, hashtags)
    except TextTooLong:
        caption = caption[: (CAPTION_LIMIT - 300) // 2]
    return replace(
        PLAIN,
        number=draw(st.integers(1, 10**6)),
        theme=draw(st.sampled_from(["iot", "tech"])),
        theme_guessed=draw(st.booleans()),
        unknown_words=tuple(draw(st.lists(NAME, max_size=12))),
        prompt=draw(LONG)[:2000],
        prompt_edited=draw(st.booleans()),
        caption_edited=draw(st.booleans()),
        caption=caption,
        hashtags=hashtags,
        state=draw(st.sampled_from(DraftState)),
        version=draw(st.integers(1, 999)),
        failure=draw(st.sampled_from([*FAILURES, "never heard of"])),
        decided_by=draw(NAME),
    )


def image(prompt: str) -> Image:
    values: dict[str, Any] = dict.fromkeys(Image.__dataclass_fields__)
    return Image(
        **values
        | {
            "id": 1,
            "state": ImageState.STORED,
            "provider": "bfl",
            "model": "flux-2-pro",
            "prompt": prompt,
        }
    )


def view_of(draft: Draft, shown: Image | None) -> DraftView:
    return DraftView(
        draft=draft,
        topic="x",
        image=shown,
        painting=image(draft.prompt),
        price=PRICE,
        spent=(PRICE,) * 3,
    )


def card_of(draft: Draft, titles: list[str], states: list[DeliveryState]) -> CardFacts:
    """The facts of a draft that goes to these channels."""
    return CardFacts(
        view=view_of(draft, image(draft.prompt)),
        brand=Brand(
            id=1,
            name="x",
            zone="America/Argentina/ComodRivadavia",
            language="en",
            grid="",
            created_at=NOW,
        ),
        post=Post(
            id=1,
            brand_id=1,
            draft_id=1,
            draft_version=1,
            due=NOW + timedelta(days=400),
            wall="x",
            zone="x",
            created_by="x",
            created_at=NOW,
        ),
        deliveries=[delivery(number, state) for number, state in enumerate(states)],
        destinations=[destination(number, title) for number, title in enumerate(titles)],
        next_free=NOW + timedelta(days=1),
        now=NOW,
    )


@st.composite
def facts(draw: st.DrawFn) -> CardFacts:
    """Everything a card may be derived from."""
    draft = draw(drafts())
    titles = draw(st.lists(NAME, max_size=4))
    states = [draw(st.sampled_from(DeliveryState)) for _title in titles]
    shown = draw(st.sampled_from([None, image(draft.prompt), image("an earlier prompt")]))
    return replace(
        card_of(draft, titles, states),
        view=view_of(draft, shown),
        next_free=draw(st.sampled_from([None, NOW + timedelta(days=1)])),
    )


def delivery(number: int, state: DeliveryState) -> Delivery:
    reasons = ("auth", "permission", "content", "quota", "gone", "unheard of", None)
    return Delivery(
        id=number,
        post_id=1,
        draft_id=1,
        destination_id=number,
        ikey=f"k{number}",
        due=NOW + timedelta(days=400),
        state=state,
        fence=1,
        owner=None,
        lease_until=None,
        attempts=number,
        remote_id=None,
        remote_url="https://t.me/x/1" if state is DeliveryState.PUBLISHED else None,
        reason=reasons[number % len(reasons)],
        error_text=None,
        updated_at=NOW,
    )


def destination(number: int, title: str) -> Destination:
    return Destination(
        id=number,
        brand_id=1,
        kind="telegram",
        address=str(number),
        title=title,
        username=None,
        state=DestinationState.ACTIVE,
        problem=None,
        added_by=None,
        created_at=NOW,
        checked_at=None,
    )


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("state", DraftState)
@pytest.mark.parametrize("outcome", DeliveryState)
def test_the_longest_of_everything_fits_too(
    language: str, state: DraftState, outcome: DeliveryState
) -> None:
    longest = replace(
        PLAIN,
        state=state,
        caption="💧" * (CAPTION_LIMIT // 2),
        prompt="p" * 2000,
        unknown_words=("sözcük",) * 70,
        decided_by="A" * 64 + " " + "B" * 64,
        failure="protocol",
    )
    titles = ["💧" * 128] * 4
    found = replace(
        card_of(longest, titles, [outcome] * 4), view=view_of(longest, image("an earlier one"))
    )
    text, _entities = parse_html(CardPainter(found, load(language)).face(PICTURE).html)
    assert utf16_length(text) <= CAPTION_LIMIT
    assert text.count("💧") > 40


@pytest.mark.parametrize("language", languages())
@settings(max_examples=250, deadline=None)
@given(found=facts())
def test_every_card_fits_into_a_caption_and_parses(language: str, found: CardFacts) -> None:
    face = CardPainter(found, load(language)).face(PICTURE)
    text, _entities = parse_html(face.html)
    assert utf16_length(text) <= CAPTION_LIMIT
    assert f"#{found.view.draft.number}" in text
    for row in face.keyboard.inline_keyboard:
        assert row
        for button in row:
            assert button.text
            assert len(str(button.callback_data or "").encode()) <= 64


def test_what_was_spent_is_added_up_by_its_unit() -> None:
    english = load("en")
    known = {key: english.template(key) for key in english.keys()}  # noqa: SIM118 - no mapping
    texts = Texts("en", known | {"price.cent": "{amount} cents"})
    cents = Cost(amount=4.0, unit="cent", usd=0.04, basis="reported")
    facts = card_of(PLAIN, [], [])
    facts = replace(facts, view=replace(facts.view, spent=(PRICE, cents, PRICE)))
    assert "spent 6 credits + 4 cents" in CardPainter(facts, texts).face(PICTURE).html
