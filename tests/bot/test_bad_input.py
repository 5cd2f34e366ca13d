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


async def test_an_odd_topic_makes_a_right_card(desk: Desk) -> None:
    for number, (kind, topic) in enumerate(TOPICS.items(), start=1):
        await desk.say(f"/prompt {topic}")
        card = await desk.card_is("prompt", number=number)
        words = card["text"].partition("\n")[2]
        assert "ensor" in words, kind
        assert utf16_length(card["text"]) <= CAPTION_LIMIT, kind
        assert "49" not in words, kind
        draft = await desk.draft(number)
        assert "<script" not in draft.prompt
        assert draft.prompt.isprintable(), kind


async def test_a_topic_without_a_word_is_answered_and_costs_nothing(desk: Desk) -> None:
    for topic in UNUSABLE.values():
        await desk.say(topic)
    await desk.quiet()
    answers = [m["text"] for m in desk.of_bot()]
    assert answers == [desk.texts("error.topic_unusable")] * len(UNUSABLE)
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


async def test_a_caption_goes_out_exactly_as_it_was_typed(desk: Desk) -> None:
    await desk.connected()
    for number, caption in enumerate(CAPTIONS, start=1):
        await desk.made()
        await desk.tap(Action.EDIT_TEXT, number=number)
        await desk.until(lambda n=number: asked_about(desk, n))  # type: ignore[misc]
        await desk.say(caption)
        await desk.card_is("review", version=2, number=number)
        await desk.tap(Action.NOW, number=number)
        await desk.time_comes()
        await desk.card_is("published", version=2, number=number)
        assert desk.messages(desk.channel_id)[-1]["text"].startswith(caption.strip())


def asked_about(desk: Desk, number: int) -> bool:
    last = desk.of_bot()[-1]
    return bool(last["force_reply"]) and f"#{number}." in last["text"]


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


async def test_an_odd_time_is_never_guessed(desk: Desk) -> None:
    await desk.connected()
    await desk.made()
    await desk.tap(Action.TIMES)
    await desk.tap(Action.TYPE_TIME)
    await desk.asked("time")
    last = (await desk.asked("time"))["message_id"]
    for text in ("🕒", "25:99", "1e9", "in -5 minutes", "9" * 80, "24.13 10:00"):
        await desk.say(text)
        last = (await desk.told("error.time_unclear", after=last))["message_id"]
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
