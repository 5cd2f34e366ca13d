"""A browser for the tests that want one, or a sentence that says what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .players import Bot, Town, open_town

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Expect, Page

BROWSERS = (
    "chromium",
    "chromium-browser",
    "chromium-headless-shell",
    "google-chrome",
    "google-chrome-stable",
)
APT_LINE = (
    "sudo apt-get install -y --no-install-recommends chromium libatomic1 fonts-noto-color-emoji"
)
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what needs a browser where there is none; REQUIRE_BROWSER=1 makes that an error."""
    wanting = [item for item in items if item.get_closest_marker("browser")]
    if not wanting:
        return
    missing = what_is_missing()
    if missing is None:
        return
    if os.environ.get("REQUIRE_BROWSER") == "1":
        raise pytest.UsageError(missing)
    for item in wanting:
        item.add_marker(pytest.mark.skip(reason=missing))


def what_is_missing() -> str | None:
    """What the browser tests lack here, with the way to get it; None when all is there."""
    if importlib.util.find_spec("playwright") is None:
        return "browser tests need Playwright: make install (with Chromium installed)"
    if not runs(driver(), "--version") or not runs(find_browser() or "", "--version"):
        return f"browser tests need Chromium: {APT_LINE} (or CHROMIUM=/path/to/chrome)"
    return None


def driver() -> str:
    """The Node program that Playwright brings along."""
    from playwright._impl._driver import compute_driver_executable

    return str(compute_driver_executable()[0])


def find_browser() -> str | None:
    """$CHROMIUM, or the first Chromium on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def runs(program: str, *arguments: str) -> bool:
    """Whether a program starts and ends well."""
    try:
        done = subprocess.run([program, *arguments], capture_output=True, timeout=30, check=False)
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file: kept longer, its loop would stand in the way of async tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def expect() -> Expect:
    """Playwright's waiting assertions."""
    from playwright.sync_api import expect

    expect.set_options(timeout=10_000)
    return expect


@pytest.fixture
def town() -> Iterator[Town]:
    """A fresh local Telegram with a person, a bot and a channel."""
    with open_town() as opened:
        yield opened


@pytest.fixture
def bot(town: Town) -> Bot:
    """The bot's side, played by plain HTTP calls."""
    return town.bot


@pytest.fixture
def open_page(browser: Browser, town: Town) -> Iterator[Callable[..., Page]]:
    """Opens the chat page; the test fails on any complaint in the browser's console."""
    complaints: list[str] = []
    contexts = []

    def opened(viewport: dict[str, int] = DESKTOP, *, forgive: str = "", **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": viewport["width"], "height": viewport["height"]},
            locale="en-GB",
            timezone_id="Europe/Istanbul",
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not (forgive and forgive in message.text):
                complaints.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(town.url)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The chat page on a desk."""
    return open_page()


@pytest.fixture
def take_picture(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Keeps a screenshot; SCREENSHOTS=1 puts it into outputs/screenshots."""
    kept = os.environ.get("SCREENSHOTS") == "1"
    folder = Path("outputs/screenshots") if kept else tmp_path
    folder.mkdir(parents=True, exist_ok=True)

    def taken(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        return path

    return taken
