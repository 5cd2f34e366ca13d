"""The chat page as axe sees it, in the states that people meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .conftest import DESKTOP, PHONE
from .players import Town, converse

if TYPE_CHECKING:
    from playwright.sync_api import Expect, Page

pytestmark = pytest.mark.browser

SCHEMES = ["light", "dark"]


def violations(page: Page) -> list[str]:
    """What axe holds against the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_empty_page_is_clean(
    open_page: Callable[..., Page], size: dict[str, int], scheme: str
) -> None:
    assert violations(open_page(size, color_scheme=scheme)) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_conversation_is_clean(
    open_page: Callable[..., Page], town: Town, expect: Expect, size: dict[str, int], scheme: str
) -> None:
    page = open_page(size, color_scheme=scheme)
    converse(town)
    expect(page.get_by_role("button", name="Discard")).to_be_visible()
    assert violations(page) == []
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert violations(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_opens_is_clean(
    open_page: Callable[..., Page], town: Town, expect: Expect, scheme: str
) -> None:
    page = open_page(color_scheme=scheme)
    converse(town)
    town.bot.call("setMyCommands", commands=[{"command": "new", "description": "A draft"}])
    page.get_by_label("Message", exact=True).fill("/")
    expect(page.get_by_role("option")).to_have_count(1)
    assert violations(page) == []
    page.get_by_label("Message", exact=True).fill("")
    page.get_by_role("button", name="More", exact=True).click()
    assert violations(page) == []
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("#chat-log .photo").first.click()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    assert violations(page) == []
