"""The chat page on a desk: what the bot says is shown, what the person does reaches the bot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .players import Bot, Town, keys, painted

if TYPE_CHECKING:
    from playwright.sync_api import Expect, Page

pytestmark = pytest.mark.browser

CAPTION = "Her damla sayılır: <b>Sensör destekli sulama</b> seranızda.\n\n#IoT #AkıllıTarım"
CARD_KEYS = keys(
    [{"text": "Approve · Tue 10:00", "callback_data": "ok", "style": "success"}],
    [{"text": "Other time", "callback_data": "time"}, {"text": "Text", "callback_data": "text"}],
    [{"text": "Discard", "callback_data": "no", "style": "danger"}],
)


def test_an_empty_chat_suggests_topics_and_a_tap_sends_one(
    page: Page, bot: Bot, expect: Expect
) -> None:
    page.get_by_role("button", name="Zero-downtime deploys for small teams #tech").click()
    expect(page.locator("#chat-log .mine")).to_contain_text("Zero-downtime deploys")
    expect(page.locator("#chat-log .empty")).to_be_hidden()
    assert bot.next_message()["text"] == "Zero-downtime deploys for small teams #tech"


def test_enter_sends_and_shift_enter_begins_a_line(page: Page, bot: Bot, expect: Expect) -> None:
    box = page.get_by_label("Message", exact=True)
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    box.press("Enter")
    expect(box).to_have_value("")
    assert bot.next_message()["text"] == "one\ntwo"


def test_a_card_shows_picture_words_and_buttons(page: Page, bot: Bot, expect: Expect) -> None:
    bot.send_photo(CAPTION, reply_markup=CARD_KEYS)
    card = page.locator("#chat-log .theirs").last
    expect(card.locator("img")).to_have_js_property("complete", True)
    expect(card.locator("strong")).to_have_text("Sensör destekli sulama")
    expect(card.locator(".tag")).to_have_text(["#IoT", "#AkıllıTarım"])
    expect(card.get_by_role("button", name="Discard")).to_be_in_viewport(ratio=1)


def test_a_tap_waits_for_the_answer_and_shows_it_as_a_toast(
    page: Page, bot: Bot, expect: Expect
) -> None:
    bot.send_photo(CAPTION, reply_markup=CARD_KEYS)
    approve = page.get_by_role("button", name="Approve")
    approve.click()
    expect(approve).to_have_attribute("aria-busy", "true")
    query = bot.next_tap()
    assert query["data"] == "ok"
    bot.call("answerCallbackQuery", callback_query_id=query["id"], text="Approved for Tuesday")
    expect(page.locator("#toasts")).to_contain_text("Approved for Tuesday")
    expect(approve).not_to_have_attribute("aria-busy", "true")


def test_an_alert_is_a_dialog_that_escape_closes(page: Page, bot: Bot, expect: Expect) -> None:
    bot.send_photo(CAPTION, reply_markup=CARD_KEYS)
    page.get_by_role("button", name="Discard").click()
    query = bot.next_tap()
    bot.call(
        "answerCallbackQuery",
        callback_query_id=query["id"],
        text="Already published",
        show_alert=True,
    )
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Already published")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_keyboard_alone_is_enough(page: Page, bot: Bot, expect: Expect) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("a topic")
    page.keyboard.press("Enter")
    bot.next_message()
    bot.send_message("Which one?", reply_markup=keys([{"text": "First", "callback_data": "1"}]))
    first = page.get_by_role("button", name="First")
    expect(first).to_be_visible()
    for _ in range(8):
        if first.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    assert bot.next_tap()["data"] == "1"


def test_a_forced_reply_opens_the_reply_bar(page: Page, bot: Bot, expect: Expect) -> None:
    asked = bot.send_message(
        "What should the caption say?",
        reply_markup={"force_reply": True, "input_field_placeholder": "New caption"},
    )
    box = page.get_by_label("Message", exact=True)
    expect(page.locator("#reply-bar")).to_contain_text("What should the caption say?")
    expect(box).to_have_attribute("placeholder", "New caption")
    expect(box).to_be_focused()
    page.keyboard.type("Su tasarrufu")
    page.keyboard.press("Enter")
    said = bot.next_message()
    assert said["reply_to_message"]["message_id"] == asked["message_id"]
    expect(page.locator("#reply-bar")).to_be_hidden()
    expect(page.locator(".mine .quoted")).to_contain_text("What should the caption say?")


def test_a_reply_can_be_begun_and_cancelled(page: Page, bot: Bot, expect: Expect) -> None:
    bot.send_message("Reply to me")
    page.get_by_role("button", name="Reply to: Reply to me").click()
    expect(page.locator("#reply-bar")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#reply-bar")).to_be_hidden()


def test_an_edit_changes_the_message_in_place_and_keeps_the_scroll(
    page: Page, bot: Bot, expect: Expect
) -> None:
    sent = [bot.send_message(f"Message number {number}") for number in range(40)]
    expect(page.locator("#chat-log .block")).to_have_count(40)
    log = page.locator("#chat-log")
    log.evaluate("node => { node.scrollTop = 300 }")
    expect(page.locator("#panel-chat .jump")).to_be_visible()
    bot.call(
        "editMessageText",
        chat_id=bot.person_id,
        message_id=sent[39]["message_id"],
        text="The last one, changed\nand longer",
    )
    expect(page.locator("#chat-log .block").last).to_contain_text("The last one, changed")
    expect(page.locator("#chat-log .block").last).to_contain_text("edited")
    assert log.evaluate("node => node.scrollTop") == 300
    bot.send_message("One more")
    expect(page.locator("#panel-chat .jump")).to_have_text("1 new")
    page.locator("#panel-chat .jump").click()
    expect(page.locator("#chat-log").get_by_text("One more")).to_be_in_viewport()
    expect(page.locator("#panel-chat .jump")).to_be_hidden()


def test_an_edited_keyboard_keeps_the_focus_in_the_message(
    page: Page, bot: Bot, expect: Expect
) -> None:
    sent = bot.send_message("Pick", reply_markup=keys([{"text": "A", "callback_data": "a"}]))
    page.get_by_role("button", name="A", exact=True).focus()
    bot.call(
        "editMessageReplyMarkup",
        chat_id=bot.person_id,
        message_id=sent["message_id"],
        reply_markup=keys([{"text": "B", "callback_data": "b"}]),
    )
    expect(page.get_by_role("button", name="B", exact=True)).to_be_focused()


def test_a_deleted_message_goes(page: Page, bot: Bot, expect: Expect) -> None:
    sent = bot.send_message("Gone in a moment")
    expect(page.locator("#chat-log").get_by_text("Gone in a moment")).to_be_visible()
    bot.call("deleteMessage", chat_id=bot.person_id, message_id=sent["message_id"])
    expect(page.locator("#chat-log").get_by_text("Gone in a moment")).to_have_count(0)


def test_markup_in_a_message_is_text(page: Page, town: Town, bot: Bot, expect: Expect) -> None:
    evil = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
    bot.send_message(evil, parse_mode=None)
    town.person_says(evil)
    expect(page.locator("#chat-log .text")).to_have_text([evil, evil])
    expect(page.locator("#chat-log img, #chat-log script")).to_have_count(0)
    assert "taken" not in page.title()


def test_formatting_is_shown(page: Page, bot: Bot, expect: Expect) -> None:
    long_prompt = "A close-up of a slim soil moisture sensor in dark wet earth. " * 5
    bot.send_message(
        "💧 <b>bold <i>both</i></b> <u>under</u> <s>gone</s> <code>x = 1</code>\n"
        '<a href="https://example.com/">a link</a> <tg-spoiler>secret</tg-spoiler>\n'
        f"<blockquote expandable>{long_prompt}</blockquote>\n<pre>a\n  b</pre>"
    )
    said = page.locator("#chat-log .text")
    expect(said.locator("strong em")).to_have_text("both")
    expect(said.locator("u")).to_have_text("under")
    expect(said.locator("s")).to_have_text("gone")
    expect(said.locator("pre")).to_have_text("a\n  b")
    expect(said.get_by_role("link", name="a link")).to_have_attribute(
        "href", "https://example.com/"
    )
    more = said.get_by_role("button", name="Show more")
    more.click()
    expect(said.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
    expect(said.get_by_text("secret")).to_be_hidden()
    said.get_by_role("button", name="Hidden text").click()
    expect(said.get_by_text("secret")).to_be_visible()


def test_a_command_in_a_message_can_be_pressed(page: Page, bot: Bot, expect: Expect) -> None:
    bot.send_message("See /help for examples")
    page.get_by_role("button", name="/help", exact=True).click()
    assert bot.next_message()["text"] == "/help"


def test_a_slash_lists_the_commands(page: Page, bot: Bot, expect: Expect) -> None:
    bot.call(
        "setMyCommands",
        commands=[
            {"command": "new", "description": "Start a draft"},
            {"command": "queue", "description": "What goes out next"},
            {"command": "quiet", "description": "No sound"},
        ],
    )
    box = page.get_by_label("Message", exact=True)
    expect(page.get_by_role("button", name="Commands")).to_be_visible()
    box.press_sequentially("/qu")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(options).to_have_count(0)
    box.press_sequentially("e")
    box.press("Enter")
    assert bot.next_message()["text"] == "/queue"


def test_an_album_is_one_bubble(page: Page, bot: Bot, expect: Expect) -> None:
    bot.send_album(3, "Versions 1 to 3")
    expect(page.locator("#chat-log .block")).to_have_count(1)
    expect(page.locator("#chat-log .album img")).to_have_count(3)
    expect(page.locator("#chat-log .text")).to_have_text("Versions 1 to 3")


def test_a_document_is_a_file_to_download(page: Page, bot: Bot, expect: Expect) -> None:
    bot.upload("sendDocument", "document", "post.png", painted(40, 40))
    chip = page.locator("#chat-log .file")
    expect(chip).to_contain_text("post.png")
    expect(chip).to_have_attribute("download", "post.png")


def test_a_picture_opens_large_and_escape_closes_it(page: Page, bot: Bot, expect: Expect) -> None:
    bot.send_photo(CAPTION)
    page.get_by_role("button", name="Open the picture").click()
    expect(page.get_by_role("dialog", name="Picture").locator("img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_photo_can_be_attached_and_sent(
    page: Page, bot: Bot, expect: Expect, tmp_path: Path
) -> None:
    picture = tmp_path / "own.png"
    picture.write_bytes(painted(64, 48))
    page.locator("#photo-file").set_input_files(picture)
    expect(page.locator("#photo-bar")).to_contain_text("own.png")
    page.get_by_label("Message", exact=True).fill("my own picture")
    page.get_by_role("button", name="Send", exact=True).click()
    said = bot.next_message()
    assert said["caption"] == "my own picture"
    assert said["photo"][-1]["width"] == 64
    expect(page.locator(".mine img")).to_be_visible()


def test_a_chat_action_shows_until_the_message_comes(page: Page, bot: Bot, expect: Expect) -> None:
    bot.call("sendChatAction", chat_id=bot.person_id, action="upload_photo")
    expect(page.locator("#chat-log .action")).to_contain_text("is sending a photo")
    bot.send_photo("Here it is")
    expect(page.locator("#chat-log .action")).to_be_hidden()


def test_link_and_copy_buttons(open_page: Callable[..., Page], bot: Bot, expect: Expect) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    bot.send_message(
        "Two ways",
        reply_markup=keys(
            [
                {"text": "Guide", "url": "https://example.com/guide"},
                {"text": "Copy prompt", "copy_text": {"text": "wet earth"}},
            ]
        ),
    )
    guide = page.get_by_role("link", name="Guide")
    expect(guide).to_have_attribute("href", "https://example.com/guide")
    page.get_by_role("button", name="Copy prompt").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "wet earth"


def test_a_post_appears_in_the_channel(page: Page, bot: Bot, town: Town, expect: Expect) -> None:
    expect(page.get_by_text("Nothing is out yet")).to_be_visible()
    bot.send_photo(CAPTION, chat_id=town.channel_id)
    post = page.locator("#channel-log .block")
    expect(post.locator("img")).to_be_visible()
    expect(post).to_contain_text("Seen by 1")
    expect(page.locator("#channel-sub")).to_contain_text("1 post")


def test_the_calls_of_the_bot_are_listed_live(
    page: Page, bot: Bot, town: Town, expect: Expect
) -> None:
    page.get_by_role("tab", name="Bot API").click()
    bot.send_message("counted")
    row = page.locator("#call-rows tr", has_text="sendMessage").first
    expect(row).to_contain_text("200")
    bot.refused("sendMessage", chat_id=-1, text="nobody is there")
    expect(page.locator("#call-rows .fault").first).to_contain_text("chat not found")
    bot.send_photo("news", chat_id=town.channel_id)
    expect(page.get_by_role("tab", name="Channel")).to_contain_text("1 new")
    page.get_by_role("tab", name="Bot API").press("ArrowLeft")
    expect(page.get_by_role("tab", name="Channel")).to_be_focused()
    expect(page.get_by_role("tab", name="Channel")).to_have_text("Channel")


def test_start_over_clears_the_conversation(page: Page, bot: Bot, expect: Expect) -> None:
    bot.send_message("Old news")
    expect(page.locator("#chat-log").get_by_text("Old news")).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("link", name="Transcript")).to_have_attribute(
        "href", "/sim/transcript"
    )
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    expect(page.locator("#chat-log").get_by_text("Old news")).to_have_count(0)
    expect(page.locator("#chat-log .empty")).to_be_visible()


def test_a_group_can_be_chosen_beside_the_channel(
    page: Page, bot: Bot, town: Town, expect: Expect
) -> None:
    made = town.ask("POST", "chats", type="group", title="Editors", creator_id=town.person_id)
    group = made["chat"]["id"]
    town.ask("POST", "promote", chat_id=group)
    bot.send_message("Drafts go here", chat_id=group)
    page.get_by_label("Chat to show").select_option("Editors")
    expect(page.locator("#channel-title")).to_have_text("Editors")
    expect(page.locator("#channel-log .text")).to_have_text(["Drafts go here"])


def test_a_link_to_a_post_leads_to_it_on_this_page(
    page: Page, bot: Bot, town: Town, expect: Expect
) -> None:
    post = bot.send_photo("Fresh from the field", chat_id=town.channel_id)
    address = f"https://t.me/meridian_sensors/{post['message_id']}"
    bot.send_message(f"It is out: {address}")
    page.get_by_role("tab", name="Bot API").click()

    page.get_by_role("link", name=address).click()

    expect(page.locator("#channel-log").get_by_text("Fresh from the field")).to_be_visible()
    assert len(page.context.pages) == 1


def test_a_reaction_of_the_bot_is_shown(page: Page, bot: Bot, town: Town, expect: Expect) -> None:
    said = town.person_says("A topic")
    bot.call(
        "setMessageReaction",
        chat_id=town.person_id,
        message_id=said["message_id"],
        reaction=[{"type": "emoji", "emoji": "👀"}],
    )
    expect(page.locator("#chat-log .reactions")).to_contain_text("👀")


def test_a_view_keeps_its_place_behind_another_tab(
    open_page: Callable[..., Page], bot: Bot, expect: Expect
) -> None:
    page = open_page({"width": 390, "height": 700})
    for number in range(30):
        bot.send_message(f"Message number {number}")
    expect(page.locator("#chat-log .block")).to_have_count(30)
    log = page.locator("#chat-log")
    log.evaluate("node => { node.scrollTop = 200 }")
    expect(page.locator("#panel-chat .jump")).to_be_visible()
    page.get_by_role("tab", name="Bot API").click()
    page.get_by_role("tab", name="Chat").first.click()
    expect(log).to_have_js_property("scrollTop", 200)
