"""Changes, copies and deletions of messages that are allowed, and their finer refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo.harness import ADA, Bot, People, keyboard, picture


async def photo(bot: Bot, **more: Any) -> dict[str, Any]:
    sent = await bot.call("sendPhoto", chat_id=ADA, photo=picture(), caption="old", **more)
    return {"chat_id": ADA, "message_id": sent["message_id"]}


async def test_a_caption_changes_and_keeps_the_picture(bot: Bot, people: People) -> None:
    where = await photo(bot)
    edited = await bot.call(
        "editMessageCaption",
        **where,
        caption="*new*",
        parse_mode="MarkdownV2",
        show_caption_above_media=True,
        reply_markup=keyboard("Go"),
    )
    assert (edited["caption"], edited["caption_entities"][0]["type"]) == ("new", "bold")
    assert edited["show_caption_above_media"] is True
    (shown,) = await people.messages()
    assert (shown["text"], shown["photo"]["width"]) == ("new", 64)
    assert shown["keyboard"][0][0]["data"] == "go"


async def test_a_caption_above_stays_above_unless_its_edit_says_otherwise(bot: Bot) -> None:
    where = await photo(bot, show_caption_above_media=True)
    edited = await bot.call("editMessageCaption", **where, caption="old")
    assert "show_caption_above_media" not in edited


@pytest.mark.parametrize(
    "method,parameters,words",
    [
        ("editMessageText", {"text": ""}, "there is no text in the message to edit"),
        ("editMessageCaption", {"caption": "x" * 1025}, "message caption is too long"),
        ("editMessageMedia", {}, "media is empty"),
        (
            "editMessageMedia",
            {"media": {"type": "video", "media": "attach://v"}},
            "can't parse InputMedia: this local server knows no video",
        ),
        (
            "editMessageReplyMarkup",
            {"reply_markup": {"force_reply": True}},
            "inline keyboard expected",
        ),
        (
            "setMessageReaction",
            {"reaction": [{"type": "emoji", "emoji": "👀"}, {"type": "emoji", "emoji": "👍"}]},
            "REACTIONS_TOO_MANY",
        ),
        ("setMessageReaction", {"reaction": [{"type": "paid"}]}, "REACTION_INVALID"),
    ],
)
async def test_edits_of_a_photo_are_refused(
    bot: Bot, method: str, parameters: dict[str, Any], words: str
) -> None:
    where = await photo(bot)
    assert await bot.refusal(method, **where, **parameters) == (400, f"Bad Request: {words}")


@pytest.mark.parametrize(
    "text,words", [(" ", "message text is empty"), ("x" * 4097, "message is too long")]
)
async def test_a_text_can_not_become_empty_or_endless(bot: Bot, text: str, words: str) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a")
    where = {"chat_id": ADA, "message_id": sent["message_id"]}
    refusal = await bot.refusal("editMessageText", **where, text=text)
    assert refusal == (400, f"Bad Request: {words}")


async def test_a_photo_becomes_a_document(bot: Bot, people: People) -> None:
    where = await photo(bot)
    media = {"type": "document", "media": "attach://file", "caption": "as a file"}
    edited = await bot.call("editMessageMedia", **where, media=media, file=picture())
    assert "photo" not in edited
    (shown,) = await people.messages()
    assert shown["document"]["mime_type"] == "application/octet-stream"
    assert shown["photo"] is None


async def test_the_same_file_id_and_caption_is_not_modified(bot: Bot) -> None:
    where = await photo(bot)
    known = (await bot.call("editMessageCaption", **where, caption="x"))["photo"][-1]["file_id"]
    media = {"type": "photo", "media": known, "caption": "x"}
    code, words = await bot.refusal("editMessageMedia", **where, media=media)
    assert (code, "message is not modified" in words) == (400, True)


async def test_a_copy_may_have_another_caption(bot: Bot, people: People) -> None:
    where = await photo(bot)
    source = {"chat_id": ADA, "from_chat_id": ADA, "message_id": where["message_id"]}
    await bot.call("copyMessage", **source, caption="<b>new</b>", parse_mode="HTML")
    assert [shown["text"] for shown in await people.messages()] == ["old", "new"]


async def test_a_forwarded_channel_post_names_its_channel_also_the_second_time(
    bot: Bot, channel: int
) -> None:
    post = await bot.call("sendMessage", chat_id=channel, text="post")
    first = await bot.call(
        "forwardMessage", chat_id=ADA, from_chat_id=channel, message_id=post["message_id"]
    )
    second = await bot.call(
        "forwardMessage", chat_id=ADA, from_chat_id=ADA, message_id=first["message_id"]
    )
    assert second["forward_origin"] == first["forward_origin"]
    assert second["forward_origin"]["chat"]["id"] == channel


async def test_service_messages_are_neither_copied_nor_edited(bot: Bot, people: People) -> None:
    group = await people.group()
    (joined,) = await people.messages(group)
    assert joined["service"] == "Post Desk joined"
    source = {"chat_id": ADA, "from_chat_id": group, "message_id": joined["message_id"]}
    refusal = await bot.refusal("copyMessage", **source)
    assert refusal == (400, "Bad Request: message can't be copied")


async def test_in_a_group_only_administrators_delete_what_others_wrote(
    bot: Bot, people: People
) -> None:
    group = await people.group("supergroup")
    said = await people.say("/hello", chat_id=group)
    where = {"chat_id": group, "message_id": said["message"]["message_id"]}
    refusal = await bot.refusal("deleteMessage", **where)
    assert refusal == (400, "Bad Request: message can't be deleted")
    await people.post("promote", chat_id=group)
    assert await bot.call("deleteMessage", **where) is True


async def test_a_draft_shows_that_the_bot_is_typing(bot: Bot, people: People) -> None:
    assert await bot.call("sendMessageDraft", chat_id=ADA, draft_id=1, text="Every dr") is True
    (event,) = await people.events(1, query="?last_event_id=0&kinds=action")
    assert event.data["action"] == "typing"


async def test_the_menu_button_is_kept(bot: Bot) -> None:
    await bot.call("setChatMenuButton", menu_button={"type": "default"})
    assert await bot.call("getChatMenuButton") == {"type": "default"}


async def test_an_answer_of_201_letters_is_too_long(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=keyboard("Go"))
    tapped = await people.tap(sent["message_id"], "go")
    query = {"callback_query_id": tapped["callback_query_id"]}
    refusal = await bot.refusal("answerCallbackQuery", **query, text="x" * 201)
    assert refusal == (400, "Bad Request: MESSAGE_TOO_LONG")
