"""The person's side: what people can do and what they see."""

from __future__ import annotations

import asyncio

import pytest

from bot.demo.world import World
from tests.demo.harness import ADA, CHANNEL, START, Bot, People, keyboard, picture


async def test_the_state_names_everybody_and_every_chat(people: People) -> None:
    state = await people.get("state")
    assert state["bot"]["username"] == "postdesk_demo_bot"
    assert state["person"]["first_name"] == "Ada"
    assert [chat["id"] for chat in state["chats"]] == [ADA, CHANNEL]
    assert state["chats"][1]["members"] == {str(ADA): "creator"}
    assert state["last_event_id"] == 2


async def test_a_message_of_the_bot_shows_its_buttons(bot: Bot, people: People) -> None:
    row = [
        {"text": "Approve", "callback_data": "ok", "style": "success"},
        {"text": "Copy", "copy_text": {"text": "words"}},
        {"text": "Open", "url": "https://a.example"},
    ]
    await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup={"inline_keyboard": [row]})
    (shown,) = await people.messages()
    absent = {"data": None, "url": None, "copy_text": None, "style": None}
    assert shown["keyboard"] == [
        [
            {**absent, "text": "Approve", "data": "ok", "style": "success"},
            {**absent, "text": "Copy", "copy_text": "words"},
            {**absent, "text": "Open", "url": "https://a.example"},
        ]
    ]
    assert shown["out"] is False
    assert shown["date"] == START


async def test_a_forced_reply_shows_its_placeholder(bot: Bot, people: People) -> None:
    markup = {"force_reply": True, "input_field_placeholder": "New caption"}
    await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=markup)
    (shown,) = await people.messages()
    assert shown["force_reply"] == {"placeholder": "New caption"}


async def test_a_tap_can_wait_for_its_answer(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=keyboard("Go"))
    tapping = asyncio.create_task(people.tap(sent["message_id"], "go", wait=10))
    (update,) = await bot.updates(timeout=10)
    query = update["callback_query"]["id"]
    await bot.call("answerCallbackQuery", callback_query_id=query, text="Done", show_alert=True)
    assert (await tapping)["answer"] == {"text": "Done", "show_alert": True}


async def test_a_tap_that_nobody_answers_has_no_answer(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=keyboard("Go"))
    assert (await people.tap(sent["message_id"], "go", wait=0))["answer"] is None


async def test_a_button_that_is_gone_can_not_be_tapped(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x", reply_markup=keyboard("Go"))
    await bot.call("editMessageReplyMarkup", chat_id=ADA, message_id=sent["message_id"])
    body = {"chat_id": ADA, "message_id": sent["message_id"], "user_id": ADA, "data": "go"}
    assert await people.refusal("tap", **body) == (
        409,
        "That message has no such button any more.",
    )


@pytest.mark.parametrize(
    "path,body,status",
    [
        ("say", {"chat_id": 5, "user_id": ADA, "text": "x"}, 404),
        ("say", {"chat_id": ADA, "user_id": 5, "text": "x"}, 404),
        ("say", {"chat_id": ADA, "user_id": ADA, "text": " "}, 400),
        ("say", {"chat_id": "Ada", "user_id": ADA, "text": "x"}, 400),
        ("say", {"chat_id": ADA, "user_id": ADA, "text": "x", "photo": "%"}, 400),
        ("say", {"chat_id": ADA, "user_id": ADA, "text": "x", "reply_to_message_id": 9}, 404),
        ("promote", {"chat_id": ADA}, 400),
        ("chats", {"type": "club", "title": "x", "creator_id": ADA}, 400),
        ("migrate", {"chat_id": CHANNEL}, 409),
        ("topics", {"chat_id": CHANNEL, "name": "x"}, 409),
        ("faults", {"method": "getMe", "kind": "flood"}, 400),
        ("clock", {"advance": "soon"}, 400),
    ],
)
async def test_what_can_not_be_is_refused_with_a_sentence(
    people: People, path: str, body: dict[str, object], status: int
) -> None:
    found, sentence = await people.refusal(path, **body)
    assert found == status
    assert sentence.endswith((".", "empty", "any more"))


async def test_strangers_can_not_write_in_a_channel(people: People) -> None:
    bea = (await people.post("users", first_name="Bea"))["user"]
    await people.post("join", chat_id=CHANNEL, user_id=bea["id"])
    body = {"chat_id": CHANNEL, "user_id": bea["id"], "text": "x"}
    assert await people.refusal("say", **body) == (403, "Bea can't write in this chat.")


async def test_a_new_person_has_a_private_chat(bot: Bot, people: People) -> None:
    made = await people.post("users", first_name="Deniz", language_code="tr")
    assert made["chat"]["type"] == "private"
    await people.say("merhaba", chat_id=made["chat"]["id"], user_id=made["user"]["id"])
    (update,) = await bot.updates()
    assert update["message"]["from"]["language_code"] == "tr"


async def test_the_menu_is_the_one_of_the_persons_language(bot: Bot, people: People) -> None:
    english, turkish = [
        [{"command": "new", "description": words}] for words in ("New post", "Yeni gönderi")
    ]
    await bot.call("setMyCommands", commands=english)
    await bot.call("setMyCommands", commands=turkish, language_code="tr")
    assert (await people.get("state"))["commands"] == english
    await people.say("merhaba", language_code="tr")
    assert (await people.get("state"))["commands"] == turkish
    await bot.call("deleteMyCommands", language_code="tr")
    assert (await people.get("state"))["commands"] == english


async def test_the_menu_of_private_chats_comes_before_the_default(
    bot: Bot, people: People
) -> None:
    for scope in ("default", "all_private_chats", "all_group_chats"):
        commands = [{"command": "help", "description": scope}]
        await bot.call("setMyCommands", commands=commands, scope={"type": scope})
    (command,) = (await people.get("state"))["commands"]
    assert command["description"] == "all_private_chats"


async def test_names_and_descriptions_are_kept_by_language(bot: Bot) -> None:
    await bot.call("setMyDescription", description="Posts", language_code="")
    await bot.call("setMyDescription", description="Gönderiler", language_code="tr")
    for language, words in (("tr", "Gönderiler"), ("de", "Posts"), ("", "Posts")):
        found = await bot.call("getMyDescription", language_code=language)
        assert found == {"description": words}
    assert await bot.call("getMyName") == {"name": "Post Desk"}
    await bot.call("setMyShortDescription", short_description="Short")
    assert (await bot.call("getMyShortDescription"))["short_description"] == "Short"


async def test_chats_and_members_can_be_looked_up(bot: Bot, people: People, channel: int) -> None:
    assert (await bot.call("getChat", chat_id="@Meridian_Sensors"))["id"] == channel
    me = await bot.call("getChatMember", chat_id=channel, user_id=42)
    assert (me["status"], me["can_post_messages"]) == ("administrator", True)
    admins = await bot.call("getChatAdministrators", chat_id=channel)
    assert {admin["status"] for admin in admins} == {"creator", "administrator"}
    assert await bot.call("getChatMemberCount", chat_id=channel) == 2
    assert (await bot.call("exportChatInviteLink", chat_id=channel)).startswith("https://t.me/+")
    await bot.call("leaveChat", chat_id=channel)
    assert (await people.get("state"))["chats"][1]["members"]["42"] == "left"


async def test_pinned_messages_are_part_of_the_chat(bot: Bot, channel: int) -> None:
    sent = await bot.call("sendMessage", chat_id=channel, text="Read me")
    where = {"chat_id": channel, "message_id": sent["message_id"]}
    await bot.call("pinChatMessage", **where)
    assert (await bot.call("getChat", chat_id=channel))["pinned_message"]["text"] == "Read me"
    await bot.call("unpinChatMessage", **where)
    assert "pinned_message" not in await bot.call("getChat", chat_id=channel)


async def test_topics_are_opened_closed_and_deleted_by_the_bot(bot: Bot, people: People) -> None:
    forum = await people.group("supergroup", is_forum=True)
    await people.post("promote", chat_id=forum)
    topic = await bot.call("createForumTopic", chat_id=forum, name="Drafts")
    where = {"chat_id": forum, "message_thread_id": topic["message_thread_id"]}
    sent = await bot.call("sendMessage", **where, text="x")
    assert sent["reply_to_message"]["forum_topic_created"]["name"] == "Drafts"
    await bot.call("closeForumTopic", **where)
    assert (await bot.refusal("closeForumTopic", **where))[1] == "Bad Request: TOPIC_NOT_MODIFIED"
    await bot.call("deleteForumTopic", **where)
    assert all(shown["thread_id"] is None for shown in await people.messages(forum))


async def test_a_migration_is_told_in_both_chats(bot: Bot, people: People) -> None:
    group = await people.group()
    new = (await people.post("migrate", chat_id=group))["chat"]["id"]
    goes, came = [update["message"] for update in (await bot.updates())[-2:]]
    assert (goes["chat"]["id"], goes["migrate_to_chat_id"]) == (group, new)
    assert (came["chat"]["id"], came["migrate_from_chat_id"]) == (new, group)


async def test_a_deleted_message_is_gone_for_the_bot(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x")
    where = {"chat_id": ADA, "message_id": sent["message_id"]}
    await people.post("delete", **where)
    refusal = await bot.refusal("editMessageText", **where, text="y")
    assert refusal == (400, "Bad Request: message to edit not found")


async def test_the_bot_deletes_several_and_skips_those_gone(bot: Bot, people: People) -> None:
    sent = await bot.call("sendMessage", chat_id=ADA, text="x")
    await bot.call("deleteMessages", chat_id=ADA, message_ids=[sent["message_id"], 99])
    assert await people.messages() == []


async def test_a_reset_keeps_people_and_counts_on(bot: Bot, people: People) -> None:
    before = await people.say("old")
    await people.post("reset")
    assert await people.messages() == []
    assert await bot.call("getUpdates") == []
    assert (await people.say("new"))["update_id"] == before["update_id"] + 1


async def test_the_transcript_reads_like_a_conversation(
    bot: Bot, people: People, channel: int
) -> None:
    await people.say("/new Smart irrigation")
    wait = await bot.call("sendMessage", chat_id=ADA, text="Painting …")
    for share in ("40 %", "80 %"):
        await bot.call(
            "editMessageText", chat_id=ADA, message_id=wait["message_id"], text=f"At {share}"
        )
    card = await bot.call(
        "sendPhoto",
        chat_id=ADA,
        photo=picture(1024, 1024),
        caption="Every drop.\n#IoT",
        reply_markup=keyboard("Approve", "Regenerate"),
    )
    tapped = await people.tap(card["message_id"], "approve")
    query = tapped["callback_query_id"]
    await bot.call("answerCallbackQuery", callback_query_id=query, text="Published")
    await bot.call("editMessageReplyMarkup", chat_id=ADA, message_id=card["message_id"])
    post = card["photo"][-1]["file_id"]
    await bot.call("sendPhoto", chat_id=channel, photo=post, caption="Every drop.")
    told = (await bot.http.get("/sim/transcript")).text
    without_times = "\n".join(line[7:] for line in told.splitlines())
    assert without_times == "\n".join(
        [
            "— Post Desk is now an administrator of «Meridian Sensors» —",
            "Ada: /new Smart irrigation",
            "Post Desk: Painting …",
            "",
            "Post Desk edits «Painting …»",
            "At 80 %",
            "",
            "Post Desk:",
            "[photo 1024x1024]",
            "Every drop.",
            "#IoT",
            "[Approve] [Regenerate]",
            "",
            "Ada taps «Approve»",
            "(toast) Published",
            "",
            "Post Desk edits «Every drop. #IoT»",
            "(no buttons any more)",
            "",
            "▸ Meridian Sensors:",
            "[photo 1024x1024]",
            "Every drop.",
        ]
    )


async def test_the_transcript_of_one_chat_leaves_the_others_out(
    bot: Bot, people: People, channel: int
) -> None:
    await people.say("private words")
    await bot.call("sendMessage", chat_id=channel, text="public words")
    told = (await bot.http.get(f"/sim/transcript?chat_id={channel}")).text
    assert "public words" in told
    assert "private words" not in told


async def test_calls_are_listed_without_the_token(bot: Bot, people: People, world: World) -> None:
    await bot.call("sendMessage", chat_id=ADA, text=f"my token is {world.token}")
    await bot.refusal("sendMessage", chat_id=5, text="x")
    await bot.call("getUpdates")
    calls = (await people.get("calls"))["calls"]
    assert [call["method"] for call in calls] == ["sendMessage", "sendMessage"]
    assert [call["status"] for call in calls] == [200, 400]
    assert calls[1]["error"] == "Bad Request: chat not found"
    assert world.token not in str(calls)
    assert (await people.get(f"calls?after={calls[0]['id']}"))["calls"] == calls[1:]


async def test_the_transcript_tells_the_small_things_too(bot: Bot, people: People) -> None:
    said = await people.say("the brief")
    where = {"chat_id": ADA, "message_id": said["message"]["message_id"]}
    await bot.call("setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👀"}])
    file = await bot.call("sendDocument", chat_id=ADA, document=b"x", reply_markup=keyboard("Go"))
    await people.say("thanks", reply_to_message_id=where["message_id"])
    query = (await people.tap(file["message_id"], "go"))["callback_query_id"]
    await bot.call("answerCallbackQuery", callback_query_id=query, text="No", show_alert=True)
    media = {"type": "document", "media": "attach://new"}
    await bot.call(
        "editMessageMedia", chat_id=ADA, message_id=file["message_id"], media=media, new=b"y"
    )
    await people.post("delete", **where)
    await people.post("block", user_id=ADA)
    told = (await bot.http.get("/sim/transcript")).text
    without_times = [line[7:] for line in told.splitlines() if line]
    assert without_times == [
        "Ada: the brief",
        "Post Desk reacts with 👀",
        "Post Desk:",
        "[file document]",
        "[Go]",
        "Ada:",
        "│ the brief",
        "thanks",
        "Ada taps «Go»",
        "(alert) No",
        "Post Desk edits «file document»",
        "[file new]",
        "(no buttons any more)",
        "— «the brief» was deleted —",
        "— Ada blocks Post Desk —",
    ]


async def test_the_transcript_begins_anew_after_a_reset_and_hides_the_token(
    bot: Bot, people: People, world: World
) -> None:
    await people.say("old words")
    await people.post("reset")
    await people.say(f"is it {world.token}?")
    told = (await bot.http.get("/sim/transcript")).text
    assert "old words" not in told
    assert "is it …?" in told
