"""The chat page on a phone, in the dark and at odd widths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import DESKTOP, PHONE
from .players import Bot, Town, converse

if TYPE_CHECKING:
    from playwright.sync_api import Expect, Page

pytestmark = pytest.mark.browser

SIDEWAYS = """() => [...document.querySelectorAll("html, body, .log, .calls-scroll, .tabs, .bar")]
  .filter((node) => node.scrollWidth > node.clientWidth + 1)
  .map((node) => node.id || node.className || node.tagName)"""
SMALL = """() => [...document.querySelectorAll("button, select, a.key, a.file, .menu-list a")]
  .filter((node) => node.checkVisibility() && !node.matches(".link, .spoiler, .quoted"))
  .filter((node) => node.getBoundingClientRect().height < 43.5)
  .map((node) => node.outerHTML.slice(0, 80))"""


def test_a_phone_shows_one_view_at_a_time(
    open_page: Callable[..., Page], bot: Bot, town: Town, expect: Expect
) -> None:
    page = open_page(PHONE, has_touch=True, is_mobile=True)
    expect(page.get_by_role("tab")).to_have_text(["Chat", "Channel", "Bot API"])
    expect(page.locator("#panel-channel")).to_be_hidden()
    bot.send_photo("One", chat_id=town.channel_id)
    bot.send_photo("Two", chat_id=town.channel_id)
    expect(page.get_by_role("tab", name="Channel")).to_contain_text("2 new")
    page.get_by_role("tab", name="Channel").tap()
    expect(page.locator("#panel-chat")).to_be_hidden()
    expect(page.locator("#channel-log").get_by_text("Two")).to_be_in_viewport()
    bot.send_message("Are you there?")
    expect(page.get_by_role("tab", name="Chat", exact=False).first).to_contain_text("1 new")


def test_on_a_phone_the_buttons_are_in_view_and_large_enough(
    open_page: Callable[..., Page], town: Town, expect: Expect
) -> None:
    page = open_page(PHONE, has_touch=True, is_mobile=True)
    converse(town)
    expect(page.get_by_role("button", name="Discard")).to_be_in_viewport(ratio=1)
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_nothing_needs_sideways_scrolling(
    open_page: Callable[..., Page], town: Town, expect: Expect, width: int
) -> None:
    page = open_page({"width": width, "height": 740})
    converse(town)
    town.bot.send_message("w" * 300 + " https://example.com/" + "long/" * 40)
    expect(page.locator("#chat-log .text").last).to_contain_text("wwww")
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize(
    "name,size,scheme",
    [
        ("chat-desktop-light", DESKTOP, "light"),
        ("chat-desktop-dark", DESKTOP, "dark"),
        ("chat-phone-light", PHONE, "light"),
        ("chat-phone-dark", PHONE, "dark"),
    ],
)
def test_every_scheme_has_its_own_colours(
    open_page: Callable[..., Page],
    take_picture: Callable[[Page, str], Path],
    town: Town,
    expect: Expect,
    name: str,
    size: dict[str, int],
    scheme: str,
) -> None:
    page = open_page(size, color_scheme=scheme)
    converse(town)
    expect(page.get_by_role("button", name="Discard")).to_be_in_viewport()
    background = page.evaluate(
        "getComputedStyle(document.querySelector('.log-frame')).backgroundColor.match(/\\d+/g)"
    )
    assert (sum(int(part) for part in background) < 150) == (scheme == "dark")
    assert take_picture(page, name).stat().st_size > 10_000
