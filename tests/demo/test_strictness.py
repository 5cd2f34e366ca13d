"""The server refuses what Telegram refuses, in Telegram's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo.harness import ADA, CHANNEL, Bot, People, keyboard, picture

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
WRONG_FILE = "Bad Request: wrong file identifier/HTTP URL specified"


def one_button(**action: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Go", **action}]]}


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("no chat", "sendMessage", {"text": "x"}, "chat_id is empty"),
    ("an unknown chat", "sendMessage", {"chat_id": 5, "text": "x"}, "chat not found"),
    ("an unknown name", "sendMessage", {"chat_id": "@nobody", "text": "x"}, "chat not found"),
    ("no text", "sendMessage", {"chat_id": ADA}, "message text is empty"),
    ("white space", "sendMessage", {"chat_id": ADA, "text": " \n "}, "message text is empty"),
    ("a long text", "sendMessage", {"chat_id": ADA, "text": "x" * 4097}, "message is too long"),
    (
        "a long text in UTF-16 units",
        "sendMessage",
        {"chat_id": ADA, "text": "😀" * 2049},
        "message is too long",
    ),
    (
        "a long caption",
        "sendPhoto",
        {"chat_id": ADA, "photo": picture(), "caption": "x" * 1025},
        "message caption is too long",
    ),
    (
        "an unknown parse mode",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "parse_mode": "Wiki"},
        "unsupported parse_mode",
    ),
    (
        "callback data of 65 bytes",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "reply_markup": one_button(callback_data="ü" * 32 + "x")},
        "BUTTON_DATA_INVALID",
    ),
    (
        "empty callback data",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "reply_markup": one_button(callback_data="")},
        "BUTTON_DATA_INVALID",
    ),
    (
        "a button without action",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "reply_markup": one_button()},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        "a button with a bad address",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "reply_markup": one_button(url="nonsense")},
        "inline keyboard button URL 'nonsense' is invalid: Wrong HTTP URL",
    ),
    (
        "101 buttons",
        "sendMessage",
        {
            "chat_id": ADA,
            "text": "x",
            "reply_markup": keyboard(*(f"b{number}" for number in range(101))),
        },
        "REPLY_MARKUP_TOO_LONG",
    ),
    (
        "a broken keyboard",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "reply_markup": "{"},
        "can't parse reply_markup JSON object",
    ),
    (
        "a long picture",
        "sendPhoto",
        {"chat_id": ADA, "photo": picture(21, 1)},
        "PHOTO_INVALID_DIMENSIONS",
    ),
    (
        "a wide picture",
        "sendPhoto",
        {"chat_id": ADA, "photo": picture(9001, 1000)},
        "PHOTO_INVALID_DIMENSIONS",
    ),
    (
        "a picture that is none",
        "sendPhoto",
        {"chat_id": ADA, "photo": b"GIF? no."},
        "IMAGE_PROCESS_FAILED",
    ),
    (
        "half a picture",
        "sendPhoto",
        {"chat_id": ADA, "photo": picture(640, 480, kind="JPEG")[:900]},
        "IMAGE_PROCESS_FAILED",
    ),
    (
        "a heavy picture",
        "sendPhoto",
        {"chat_id": ADA, "photo": bytes(10 * 1024 * 1024 + 1)},
        "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
    ),
    (
        "an unknown file_id",
        "sendPhoto",
        {"chat_id": ADA, "photo": "AgACAgQ"},
        "wrong file identifier/HTTP URL specified",
    ),
    ("no picture", "sendPhoto", {"chat_id": ADA}, "there is no photo in the request"),
    (
        "a part that is missing",
        "sendPhoto",
        {"chat_id": ADA, "photo": "attach://nowhere"},
        'file "nowhere" is not attached',
    ),
    ("an unknown file", "getFile", {"file_id": "x"}, "invalid file_id"),
    (
        "an album of one",
        "sendMediaGroup",
        {"chat_id": ADA, "media": [{"type": "photo", "media": "attach://a"}], "a": picture()},
        "wrong number of items in the media group, expected 2-10 items",
    ),
    (
        "a topic where there are none",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "message_thread_id": 7},
        "message thread not found",
    ),
    (
        "an answer to nothing",
        "sendMessage",
        {"chat_id": ADA, "text": "x", "reply_to_message_id": 99},
        "message to be replied not found",
    ),
    (
        "an edit of nothing",
        "editMessageText",
        {"chat_id": ADA, "message_id": 99, "text": "x"},
        "message to edit not found",
    ),
    (
        "an edit without id",
        "editMessageText",
        {"chat_id": ADA, "text": "x"},
        "message identifier is not specified",
    ),
    (
        "a deletion of nothing",
        "deleteMessage",
        {"chat_id": ADA, "message_id": 99},
        "message to delete not found",
    ),
    (
        "a reaction to nothing",
        "setMessageReaction",
        {"chat_id": ADA, "message_id": 99, "reaction": []},
        "message to react not found",
    ),
    (
        "a made-up chat action",
        "sendChatAction",
        {"chat_id": ADA, "action": "dancing"},
        "wrong parameter action in request",
    ),
    ("an unknown user", "getChatMember", {"chat_id": ADA, "user_id": 5}, "user not found"),
    (
        "a command in capitals",
        "setMyCommands",
        {"commands": [{"command": "New", "description": "x"}]},
        "BOT_COMMAND_INVALID",
    ),
    (
        "a draft without id",
        "sendMessageDraft",
        {"chat_id": ADA, "text": "x", "draft_id": 0},
        "DRAFT_ID_INVALID",
    ),
    (
        "an entity outside of the text",
        "sendMessage",
        {
            "chat_id": ADA,
            "text": "x",
            "entities": [{"type": "bold", "offset": 0, "length": 2}],
        },
        "can't parse entities: an entity begins or ends outside of the text",
    ),
]


@pytest.mark.parametrize(
    "method,parameters,words", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_bad_requests_are_refused(
    bot: Bot, method: str, parameters: dict[str, Any], words: str
) -> None:
    assert await bot.refusal(method, **parameters) == (400, f"Bad Request: {words}")


async def test_the_longest_texts_captions_and_data_are_taken(bot: Bot) -> None:
    data = one_button(callback_data="ü" * 32)
    await bot.call("sendMessage", chat_id=ADA, text="😀" * 2048, reply_markup=data)
    await bot.call("sendPhoto", chat_id=ADA, photo=picture(20, 1), caption="x" * 1024)


async def test_the_caption_is_measured_after_its_markup_is_parsed(bot: Bot) -> None:
    caption = f"<b>{'x' * 1024}</b>"
    await bot.call("sendPhoto", chat_id=ADA, photo=picture(), caption=caption, parse_mode="HTML")


async def test_an_unknown_parameter_is_ignored(bot: Bot) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", business_nonsense="1")
    assert sent["text"] == "x"


async def test_an_unknown_method_is_501_and_never_404(bot: Bot) -> None:
    code, words = await bot.refusal("sendHologram", chat_id=ADA)
    assert code == 501
    assert "sendHologram" in words


async def test_a_wrong_token_is_unauthorized(bot: Bot) -> None:
    answer = await bot.http.post(bot.url("getMe", token="42:wrong"))
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_the_same_edit_twice_is_not_modified(bot: Bot) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a", reply_markup=keyboard("Go"))
    again = {"chat_id": ADA, "message_id": sent["message_id"], "text": "a"}
    refusal = await bot.refusal("editMessageText", **again, reply_markup=keyboard("Go"))
    assert refusal == (400, NOT_MODIFIED)


async def test_a_keyboard_that_is_already_gone_is_not_modified(bot: Bot) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a")
    where = {"chat_id": ADA, "message_id": sent["message_id"]}
    assert await bot.refusal("editMessageReplyMarkup", **where) == (400, NOT_MODIFIED)


async def test_an_edit_without_reply_markup_removes_the_keyboard(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a", reply_markup=keyboard("Go"))
    edited = await bot.call(
        "editMessageText", chat_id=ADA, message_id=sent["message_id"], text="b"
    )
    assert "reply_markup" not in edited
    assert (await people.messages())[0]["keyboard"] == []


async def test_a_photo_has_no_text_to_edit(bot: Bot) -> None:
    sent = await bot.call("sendPhoto", chat_id=ADA, photo=picture())
    where = {"chat_id": ADA, "message_id": sent["message_id"]}
    assert await bot.refusal("editMessageText", **where, text="x") == (
        400,
        "Bad Request: there is no text in the message to edit",
    )


async def test_a_text_has_no_caption_to_edit(bot: Bot) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a")
    where = {"chat_id": ADA, "message_id": sent["message_id"]}
    assert await bot.refusal("editMessageCaption", **where, caption="x") == (
        400,
        "Bad Request: there is no caption in the message to edit",
    )


async def test_messages_of_people_can_not_be_edited(bot: Bot, people: People) -> None:
    said = await people.say("mine")
    where = {"chat_id": ADA, "message_id": said["message"]["message_id"]}
    assert await bot.refusal("editMessageText", **where, text="x") == (
        400,
        "Bad Request: message can't be edited",
    )


async def test_a_tap_is_answered_once(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a", reply_markup=keyboard("Go"))
    tapped = await people.tap(sent["message_id"], "go")
    query = {"callback_query_id": tapped["callback_query_id"]}
    assert await bot.call("answerCallbackQuery", **query) is True
    assert await bot.refusal("answerCallbackQuery", **query) == (400, TOO_OLD)


@pytest.mark.parametrize("seconds,accepted", [(15, True), (16, False)])
async def test_a_tap_waits_fifteen_seconds_for_its_answer(
    bot: Bot, people: People, seconds: int, accepted: bool
) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a", reply_markup=keyboard("Go"))
    tapped = await people.tap(sent["message_id"], "go")
    await people.post("clock", advance=seconds)
    query = {"callback_query_id": tapped["callback_query_id"]}
    answer = (await bot.answer("answerCallbackQuery", **query)).json()
    assert answer["ok"] is accepted
    assert accepted or answer["description"] == TOO_OLD


async def test_an_answer_to_no_tap_is_too_old(bot: Bot) -> None:
    refusal = await bot.refusal("answerCallbackQuery", callback_query_id="1")
    assert refusal == (400, TOO_OLD)


async def test_a_stranger_to_a_channel_is_forbidden(bot: Bot) -> None:
    assert await bot.refusal("sendMessage", chat_id=CHANNEL, text="x") == (
        403,
        "Forbidden: bot is not a member of the channel chat",
    )


async def test_a_demoted_bot_needs_administrator_rights(
    bot: Bot, people: People, channel: int
) -> None:
    await people.post("demote", chat_id=channel)
    assert await bot.refusal("sendMessage", chat_id=channel, text="x") == (
        400,
        "Bad Request: need administrator rights in the channel chat",
    )


async def test_a_removed_bot_was_kicked(bot: Bot, people: People, channel: int) -> None:
    await people.post("demote", chat_id=channel, kick=True)
    assert await bot.refusal("sendMessage", chat_id=channel, text="x") == (
        403,
        "Forbidden: bot was kicked from the channel chat",
    )


async def test_an_administrator_without_the_right_to_post_can_not_send_photos(
    bot: Bot, people: People
) -> None:
    await people.post("promote", chat_id=CHANNEL, can_post_messages=False)
    assert await bot.refusal("sendPhoto", chat_id=CHANNEL, photo=picture()) == (
        400,
        "Bad Request: not enough rights to send photos to the chat",
    )


async def test_channels_take_inline_keyboards_only(bot: Bot, channel: int) -> None:
    refusal = await bot.refusal(
        "sendMessage", chat_id=channel, text="x", reply_markup={"force_reply": True}
    )
    assert refusal == (400, "Bad Request: inline keyboard expected")


async def test_a_blocked_bot_is_told_so_until_it_is_unblocked(bot: Bot, people: People) -> None:
    await people.post("block", user_id=ADA)
    refusal = await bot.refusal("sendMessage", chat_id=ADA, text="x")
    assert refusal == (403, "Forbidden: bot was blocked by the user")
    await people.post("unblock", user_id=ADA)
    assert await bot.call("sendMessage", chat_id=ADA, text="x")


async def test_topics_are_found_general_and_deleted_ones_are_not(bot: Bot, people: People) -> None:
    forum = await people.group("supergroup", is_forum=True)
    thread = (await people.post("topics", chat_id=forum, name="Posts"))["thread_id"]
    sent = await bot.call("sendMessage", chat_id=forum, text="x", message_thread_id=thread)
    assert sent["message_thread_id"] == thread
    assert sent["is_topic_message"] is True
    await people.post("topics/delete", chat_id=forum, thread_id=thread)
    for gone in (thread, 1):
        refusal = await bot.refusal("sendMessage", chat_id=forum, text="x", message_thread_id=gone)
        assert refusal == (400, "Bad Request: message thread not found")


async def test_the_old_id_of_a_group_names_the_new_one(bot: Bot, people: People) -> None:
    group = await people.group()
    chat = (await people.post("migrate", chat_id=group))["chat"]
    answer = (await bot.answer("sendMessage", chat_id=group, text="x")).json()
    assert answer["description"] == ("Bad Request: group chat was upgraded to a supergroup chat")
    assert answer["parameters"] == {"migrate_to_chat_id": chat["id"]}
    assert await bot.call("sendMessage", chat_id=chat["id"], text="x")


async def test_albums_carry_no_keyboard(bot: Bot) -> None:
    media = [{"type": "photo", "media": f"attach://{name}"} for name in ("a", "b")]
    album = await bot.call(
        "sendMediaGroup", chat_id=ADA, media=media, a=picture(), b=picture(colour="navy")
    )
    refusal = await bot.refusal(
        "editMessageReplyMarkup",
        chat_id=ADA,
        message_id=album[0]["message_id"],
        reply_markup=keyboard("Go"),
    )
    assert refusal[1] == "Bad Request: message can't be edited: albums have no keyboard"


async def test_a_document_is_no_photo(bot: Bot) -> None:
    sent = await bot.call("sendDocument", chat_id=ADA, document=b"plain")
    refusal = await bot.refusal("sendPhoto", chat_id=ADA, photo=sent["document"]["file_id"])
    assert refusal == (400, "Bad Request: can't use file of type Document as Photo")


async def test_nothing_is_fetched_from_the_network(bot: Bot) -> None:
    code, words = await bot.refusal("sendPhoto", chat_id=ADA, photo="https://example.org/a.jpg")
    assert code == 400
    assert words.startswith(WRONG_FILE)


async def test_old_messages_can_not_be_deleted(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="a")
    await people.post("clock", advance=48 * 3600 + 1)
    where = {"chat_id": ADA, "message_id": sent["message_id"]}
    assert await bot.refusal("deleteMessage", **where) == (
        400,
        "Bad Request: message can't be deleted",
    )
