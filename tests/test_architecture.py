"""The layers hold, nothing happens at import, and the checker itself can see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import cycles, modules, readers_of_the_environment, stray

ROOT = Path(__file__).resolve().parents[1]


def test_every_import_keeps_to_the_layers() -> None:
    assert stray(ROOT) == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert cycles(ROOT) == []


def test_only_the_settings_read_the_environment() -> None:
    """bot.showcase asks for DISPLAY alone: whether a browser could be shown is no setting."""
    assert set(readers_of_the_environment(ROOT)) <= {"app.settings", "bot.showcase"}


@pytest.mark.parametrize("module", ["app.container", "app.flux_helper"])
def test_importing_opens_nothing_and_writes_nothing(module: str, tmp_path: Path) -> None:
    """An empty folder stays empty, and no socket, thread or database is there afterwards."""
    program = (
        "import sys, socket, sqlite3, threading\n"
        "sys.addaudithook(lambda event, args: print('DID', event, args[0])\n"
        "    if event in ('socket.connect', 'sqlite3.connect', 'subprocess.Popen', 'os.mkdir')\n"
        "    or event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+')\n"
        "    else None)\n"
        f"import {module}\n"
        "print('threads', threading.active_count())\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "threads 1\n"
    assert list(tmp_path.iterdir()) == []


def test_importing_the_domain_brings_no_telegram_library(tmp_path: Path) -> None:
    program = (
        "import sys, app.container\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('telegram', 'bot')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def planted(root: Path, file: str, text: str) -> Path:
    """A small tree with one module of that text."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    for package in path.relative_to(root).parents:
        if package.name:
            (root / package / "__init__.py").touch()
    path.write_text(text, encoding="utf-8")
    return root


def with_neighbours(root: Path) -> Path:
    """Modules for the planted ones to import."""
    for name in ("models", "drafts", "container", "settings", "ports", "captions", "flux_helper"):
        planted(root, f"app/{name}.py", "")
    for name in ("storage", "net", "pictures", "providers"):
        planted(root, f"app/{name}/rows.py", "")
    planted(root, "bot/cards.py", "")
    return root


@pytest.mark.parametrize(
    "file,text",
    [
        ("app/drafts.py", "from telegram import Bot"),
        ("app/drafts.py", "import telegram.ext as t"),
        ("app/drafts.py", "from bot.cards import Card"),
        ("app/drafts.py", "from bot import cards"),
        ("app/drafts.py", "def f():\n    import telegram"),
        ("app/drafts.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bot"),
        ("app/drafts.py", "from app.storage.rows import Rows"),
        ("app/drafts.py", "from app import storage"),
        ("app/drafts.py", "from app.providers import rows"),
        ("app/drafts.py", "from app.container import open_services"),
        ("app/drafts.py", "from app.settings import Settings"),
        ("app/drafts.py", "def f():\n    from app.container import open_services"),
        ("app/drafts.py", "from tests.fakes import clock"),
        ("app/flux_helper.py", "from app.container import open_services"),
        ("app/models.py", "from app.drafts import DraftService"),
        ("app/models.py", "import app.net.rows"),
        ("app/storage/rows.py", "from app.drafts import DraftService"),
        ("app/storage/rows.py", "from app.providers.rows import x"),
        ("app/storage/rows.py", "from ..providers import rows"),
        ("app/storage/rows.py", "from app.settings import Settings"),
        ("app/net/rows.py", "from app.storage.rows import x"),
        ("app/unheard_of.py", "from app.drafts import DraftService"),
        ("bot/demo/world.py", "from app.models import Draft"),
        ("bot/demo/world.py", "from bot.cards import Card"),
        ("bot/demo/world.py", "from ..cards import Card"),
    ],
)
def test_a_stray_import_is_found(file: str, text: str, tmp_path: Path) -> None:
    root = planted(with_neighbours(tmp_path), file, text)
    complaints = stray(root)
    assert [one.partition(":")[0] for one in complaints] == [file]


@pytest.mark.parametrize(
    "file,text",
    [
        ("app/container.py", "from app.drafts import D\nfrom app.storage import rows"),
        ("app/drafts.py", "from app.models import Draft\nfrom app.ports import Store"),
        ("app/flux_helper.py", "def f():\n    from app.container import open_services"),
        ("app/storage/rows.py", "from app.models import Draft\nfrom app.net import rows"),
        ("app/providers/rows.py", "from app.captions import x\nfrom app.pictures import rows"),
        ("bot/cards.py", "from app.drafts import D\nimport telegram"),
        ("bot/demo/world.py", "from bot.demo import page\nimport json"),
    ],
)
def test_an_import_with_the_grain_is_let_through(file: str, text: str, tmp_path: Path) -> None:
    root = planted(with_neighbours(tmp_path), file, text)
    assert stray(root) == []


def test_a_circle_is_found(tmp_path: Path) -> None:
    planted(tmp_path, "app/drafts.py", "from app import images")
    planted(tmp_path, "app/images.py", "import app.painting")
    planted(tmp_path, "app/painting.py", "from app.drafts import x")
    assert cycles(tmp_path) == [["app.drafts", "app.images", "app.painting"]]


def test_an_import_inside_a_function_makes_no_circle(tmp_path: Path) -> None:
    planted(tmp_path, "app/drafts.py", "from app import images")
    planted(tmp_path, "app/images.py", "def f():\n    from app import drafts")
    assert cycles(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "import os\nkey = os.environ['KEY']",
        "import os\ndef f():\n    return os.getenv('KEY')",
        "from os import environ",
    ],
)
def test_a_reader_of_the_environment_is_found(text: str, tmp_path: Path) -> None:
    planted(tmp_path, "app/drafts.py", text)
    assert readers_of_the_environment(tmp_path) == ["app.drafts"]


def test_the_checker_reads_the_whole_program() -> None:
    known = modules(ROOT)
    assert {"app", "app.container", "app.storage.migrations.env", "bot.demo.world"} <= set(known)
