"""`generate_image_flux` alone in a script, as the skill file shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import asyncio, json
from app.flux_helper import generate_image_flux, get_credits

async def main():
    result = await generate_image_flux(
        prompt="Professional IoT sensor, modern tech style",
        width=256,
        height=192,
        output_format="png"
    )
    print(json.dumps([result, await get_credits()]))

asyncio.run(main())
"""


def run(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program of its own with nothing but this environment, in an empty folder."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def results(done: subprocess.CompletedProcess[str]) -> Any:
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_without_any_setting_a_script_gets_a_preview(tmp_path: Path) -> None:
    painted, balance = results(run(tmp_path, SCRIPT))
    assert painted["success"] is True
    assert Path(painted["image_path"]).parent == tmp_path / "outputs"
    assert Path(painted["image_path"]).stat().st_size == painted["file_size"]
    assert (painted["provider"], painted["cost"], balance["credits"]) == ("offline", 0.0, None)


def test_the_environment_says_where_things_go(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        SCRIPT,
        OUTPUTS_DIR=str(tmp_path / "pictures"),
        DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'kept' / 'here.db'}",
    )
    painted, _ = results(done)
    assert Path(painted["image_path"]).parent == tmp_path / "pictures"
    assert (tmp_path / "kept" / "here.db").exists()
    assert not (tmp_path / "outputs").exists()


def test_a_vendor_that_is_not_there_is_a_result_and_no_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, SCRIPT, BFL_API_KEY="canary-key", BFL_BASE_URL="http://127.0.0.1:9")
    painted, balance = results(done)
    assert (painted["success"], painted["code"], painted["maybe_billed"]) == (
        False,
        "unavailable",
        False,
    )
    assert balance["success"] is False
    assert "canary-key" not in done.stdout
