"""The chat page survives a reload and a lost connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .players import Bot, Town, open_town

if TYPE_CHECKING:
    from playwright.sync_api import Expect, Page

pytestmark = pytest.mark.browser


def test_a_reload_keeps_the_chat(page: Page, town: Town, bot: Bot, expect: Expect) -> None:
    town.person_says("My topic")
    bot.send_photo("The card")
    bot.send_photo("The post", chat_id=town.channel_id)
    expect(page.locator("#chat-log").get_by_text("The card")).to_be_visible()
    page.reload()
    expect(page.locator("#chat-log .text")).to_have_text(["My topic", "The card"])
    expect(page.locator("#channel-log .text")).to_have_text(["The post"])
    bot.send_message("Still here")
    expect(page.locator("#chat-log .text")).to_have_text(["My topic", "The card", "Still here"])


def test_a_dropped_stream_comes_back_by_itself(
    page: Page, town: Town, bot: Bot, expect: Expect
) -> None:
    bot.send_message("Before")
    expect(page.locator("#chat-log .text")).to_be_visible()
    with page.expect_request("**/sim/events*"):
        town.drop_streams()
    bot.send_message("After")
    expect(page.locator("#chat-log .text")).to_have_text(["Before", "After"])
    expect(page.locator("#banner")).to_be_hidden()


def test_what_came_during_an_outage_is_caught_up(
    open_page: Callable[..., Page], town: Town, bot: Bot, expect: Expect
) -> None:
    page = open_page(forgive="net::ERR_")
    bot.send_message("Before")
    expect(page.locator("#chat-log .text")).to_be_visible()
    page.route("**/sim/events*", lambda route: route.abort())
    town.drop_streams()
    expect(page.locator("#banner")).to_be_visible()
    bot.send_message("During")
    page.unroute("**/sim/events*")
    expect(page.locator("#chat-log .text")).to_have_text(["Before", "During"])
    expect(page.locator("#banner")).to_be_hidden()


def test_a_message_that_could_not_be_sent_stays_in_the_box(
    open_page: Callable[..., Page], expect: Expect
) -> None:
    page = open_page(forgive="net::ERR_")
    page.route("**/sim/say", lambda route: route.abort())
    box = page.get_by_label("Message", exact=True)
    box.fill("Do not lose me")
    box.press("Enter")
    expect(page.locator("#toasts .bad")).to_be_visible()
    expect(box).to_have_value("Do not lose me")


def test_a_server_started_anew_is_followed(
    open_page: Callable[..., Page], town: Town, bot: Bot, expect: Expect
) -> None:
    page = open_page(forgive="net::ERR_")
    for number in range(9):
        bot.send_message(f"Old {number}")
    expect(page.locator("#chat-log .text")).to_have_count(9)
    town.host.stop()
    expect(page.locator("#banner")).to_be_visible()
    with open_town(town.host.port) as second:
        second.bot.send_message("A new beginning")
        expect(page.locator("#chat-log .text")).to_have_text(["A new beginning"])
        second.bot.send_message("It goes on")
        expect(page.locator("#chat-log .text")).to_have_text(["A new beginning", "It goes on"])
