"""Whatever people type: one clear sentence or a right card, and nothing lost."""

from __future__ import annotations

from typing import Any

import pytest

from app.captions import CAPTION_LIMIT, utf16_length
from app.models import DraftState
from bot.callback_data import Action
from bot.demo import people
from tests.bot.driver import Desk
from tests.bot.test_who_may import message, person, private, receive

#: topics that make a draft, and what its card must show of them as it was typed
TOPICS = {
    "markup": "Sensors <b>bold</b> &amp; <script>alert(1)</script> #iot",
    "ampersand": "Sensors & gateways < cloud > edge #iot",
    "template": "Sensors {{7*7}} {% raw %} {0} {name} #iot",
    "markdown": "Sensors *_[link](tg://x)_* ~`|>#+-=!. #iot",
    "right to left": "Sensors \u202egnihtemos\u202c #iot",
    "zero width": "Sen\u200bsors\u200d and\ufeff gateways #iot",
    "combining": "Sensors Z\u0351\u036b\u0343\u0346\u035bA\u0321\u034dL\u0489GO #iot",
    "many lines": "Sensors\n\n\nfor\r\nthe\tgreenhouse #iot",
    "emoji and words": "🌱💧 Sensors 👩‍🌾 #iot",
    "quotes": "Sensors \"quoted\" 'and' “so” `on` #iot",
    "nul": "Sensors\u0000 and nothing #iot",
    "longest": "Sensor " * 71 + "#i",
}
UNUSABLE = {
    "emoji only": "🌱💧👩‍🌾",
    "signs only": "!!! ??? ...",
    "zero width only": "\u200b\u200d\ufeff x"[:3],
    "hashtags only": "#iot",
    "digits only": "12345 678",
}
CAPTIONS = [
    "<b>not bold</b> & <i>not closed",
    "{{7*7}} {0} {name} %s %(x)s",
    "*_[link](tg://user?id=1)_* ~`|>#+-=!.",
    "💧" * 400,
    "a" * 900,
    "line\n" * 150,
    "\u202eright to left\u202c",
]


@pytest.mark.parametrize("kind", TOPICS)
async def test_an_odd_topic_makes_a_right_card(desk: Desk, kind: str) -> None:
    await desk.say(f"/prompt {TOPICS[kind]}")
    card = await desk.card_is("prompt")
    assert "ensor" in card["text"]
    assert utf16_length(card["text"]) <= CAPTION_LIMIT
    assert "49" not in card["text"]
    draft = await desk.draft()
    assert "<script" not in draft.prompt
    assert draft.prompt.isprintable()


@pytest.mark.parametrize("kind", UNUSABLE)
async def test_a_topic_without_a_word_is_answered_and_costs_nothing(desk: Desk, kind: str) -> None:
    await desk.say(UNUSABLE[kind])
    await desk.told("error.topic_unusable")
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert not await tx.drafts.find()
        assert not await tx.images.find()


@pytest.mark.parametrize("length", [501, 5_000])
async def test_a_topic_that_is_too_long_is_told_by_how_much(desk: Desk, length: int) -> None:
    await desk.say(("sensor " * 800)[:length])
    said = await desk.told("error.text_too_long")
    assert "500" in said["text"]
    async with desk.services.store.read() as tx:
        assert not await tx.drafts.find()


@pytest.mark.parametrize("caption", CAPTIONS)
async def test_a_caption_goes_out_exactly_as_it_was_typed(desk: Desk, caption: str) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.EDIT_TEXT)
    await desk.asked("caption")
    await desk.say(caption)
    await desk.card_is("review", version=2)
    await desk.tap(Action.NOW)
    await desk.time_comes()
    await desk.card_is("published", version=2)
    assert desk.messages(desk.channel_id)[0]["text"].startswith(caption.strip())


@pytest.mark.parametrize("field", [Action.EDIT_TEXT, Action.EDIT_PROMPT])
async def test_an_answer_that_is_too_long_loses_nothing(desk: Desk, field: Action) -> None:
    await desk.made()
    before = await desk.draft()
    await desk.tap(field)
    await desk.asked("caption" if field is Action.EDIT_TEXT else "prompt")
    await desk.say("x" * 4096)
    await desk.told("error.text_too_long")
    assert await desk.draft() == before
    await desk.say("Short words")
    await desk.card_is("review", version=2)


@pytest.mark.parametrize("text", ["🕒", "25:99", "1e9", "in -5 minutes", "9" * 80, "24.13 10:00"])
async def test_an_odd_time_is_never_guessed(desk: Desk, text: str) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    await desk.say(text)
    await desk.told("error.time_unclear")
    assert (await desk.draft()).state is DraftState.REVIEW


#: what people send besides text
THINGS: dict[str, dict[str, Any]] = {
    "a sticker": {
        "sticker": {
            "file_id": "s",
            "file_unique_id": "s",
            "type": "regular",
            "width": 9,
            "height": 9,
            "is_animated": False,
            "is_video": False,
        }
    },
    "a voice": {
        "voice": {"file_id": "v", "file_unique_id": "v", "duration": 3, "mime_type": "audio/ogg"}
    },
    "a place": {"location": {"latitude": 41.0, "longitude": 29.0}},
    "a contact": {"contact": {"phone_number": "1", "first_name": "X"}},
    "a photo": {
        "photo": [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}],
        "caption": "Look at this",
    },
}


@pytest.mark.parametrize("thing", THINGS)
async def test_what_is_no_text_is_answered_with_what_the_bot_can_do(
    desk: Desk, thing: str
) -> None:
    who = desk.person.id
    await receive(
        desk, {"message": message(private(who), **{"from": person(who)}, **THINGS[thing])}
    )
    await desk.told("error.unsupported")
    assert len(desk.of_bot()) == 1


async def test_an_edited_topic_makes_no_second_draft(desk: Desk) -> None:
    await desk.say(f"/prompt {desk.topic}")
    await desk.card_is("prompt")
    mine = next(m for m in desk.messages() if m["out"])
    people.rewrite(
        desk.world, chat_id=desk.person.id, message_id=mine["message_id"], text="/prompt Another"
    )
    await desk.quiet()
    async with desk.services.store.read() as tx:
        assert len(await tx.drafts.find()) == 1
