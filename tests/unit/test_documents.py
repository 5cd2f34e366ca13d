"""The documents say what is true of the code: settings, providers, commands, states, links."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.models import MOVES, DeliveryState, DraftState
from app.providers import PROVIDERS
from app.publishers.telegram import TelegramPublisher
from app.settings import Settings, load_settings
from bot.application import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.tr.md")
DOCUMENTS = (*READMES, "CONTRIBUTING.md", "CHANGELOG.md", "DECISIONS.md")
FIELDS = {name.upper(): field for name, field in Settings.model_fields.items()}
ROW = re.compile(r"^\| `([A-Z_]+)` \| .+ \| (.+) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^# (?P<words>.+)\n(?P<name>[A-Z_]+)=(?P<value>.*)$", re.MULTILINE)
MOVE = re.compile(r"^ {4}(\w+) --> (\w+)(?: :|$)", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def as_written(value: object) -> str | None:
    """A default as a person writes it into `.env`; None where there is none."""
    if value is None or value in (frozenset(), ()):
        return None
    return str(value)


def diagrams(document: str) -> list[str]:
    return re.findall(r"```mermaid\n(.*?)```", read(document), re.DOTALL)


def moves_of(kind: type[StrEnum]) -> set[tuple[str, str]]:
    return {(str(a), str(b)) for a, following in MOVES[kind].items() for b in following}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every file of the repository that is text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("needs the git repository: this is a copy without one")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        data = path.read_bytes() if path.is_file() else b""
        if b"\0" not in data:
            yield name, data.decode("utf-8")


def test_the_example_has_every_setting_once() -> None:
    names = [found["name"] for found in EXAMPLE.finditer(read(".env.example"))]
    assert sorted(names) == sorted(FIELDS)


def test_the_example_sets_nothing() -> None:
    """Copied as it is, it changes nothing: no secret and no default is in it as a value."""
    values = [found["value"] for found in EXAMPLE.finditer(read(".env.example"))]
    assert set(values) == {""}


def test_the_example_is_readable_by_the_settings() -> None:
    assert load_settings(ROOT / ".env.example").image_providers == ()


def test_the_example_tells_each_default() -> None:
    for found in EXAMPLE.finditer(read(".env.example")):
        _, _, told = found["words"].partition("Default: ")
        expected = as_written(FIELDS[found["name"]].default) or "none"
        assert told.partition(",")[0] == expected, found["name"]


@pytest.mark.parametrize("document", READMES)
def test_the_table_has_every_setting_in_the_order_of_the_example(document: str) -> None:
    example = [found["name"] for found in EXAMPLE.finditer(read(".env.example"))]
    assert [name for name, _default in ROW.findall(read(document))] == example


@pytest.mark.parametrize("document", READMES)
def test_the_table_tells_each_default(document: str) -> None:
    for name, told in ROW.findall(read(document)):
        expected = as_written(FIELDS[name].default)
        assert told == f"`{expected}`" if expected else "`" not in told, name


@pytest.mark.parametrize("document", READMES)
def test_every_provider_and_destination_is_named(document: str) -> None:
    kinds = [name for name, _build in PROVIDERS] + [TelegramPublisher.kind]
    assert [kind for kind in kinds if f"`{kind}`" not in read(document)] == []


@pytest.mark.parametrize("document", READMES)
def test_every_command_is_in_the_table(document: str) -> None:
    listed = re.findall(r"^\| `/(\w+)` \|", read(document), re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    named = set(re.findall(r"(?:`|^\$ |^)make ([a-z-]+)", read(document), re.MULTILINE))
    assert named - make_targets() == set()


def test_the_contributor_learns_of_every_target() -> None:
    listed = {name for name in make_targets() if name != "help"}
    text = read("CONTRIBUTING.md")
    assert {name for name in listed if not re.search(rf"`(make )?{name}`", text)} == set()


@pytest.mark.parametrize("document", READMES)
@pytest.mark.parametrize("place, kind", [(0, DraftState), (1, DeliveryState)])
def test_the_diagram_has_exactly_the_moves_of_the_code(
    document: str, place: int, kind: type[StrEnum]
) -> None:
    drawn = MOVE.findall(diagrams(document)[place])
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == moves_of(kind)


def test_both_readmes_have_the_same_sections_and_code() -> None:
    def shape(document: str) -> tuple[int, int, int]:
        text = read(document)
        heads = len(re.findall(r"^## ", text, re.MULTILINE))
        return heads, text.count("```"), len(re.findall(r"^\|", text, re.MULTILINE))

    assert shape("README.md") == shape("README.tr.md")


@pytest.mark.parametrize("document", READMES)
def test_the_example_of_a_script_is_python(document: str) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", read(document), re.DOTALL)
    compile(source, document, "exec")


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    groups = (project["project"]["dependencies"], *project["dependency-groups"].values())
    declared = {re.split(r"[\[<>=]", line)[0] for group in groups for line in group}
    listed = re.findall(r"^\| ([a-z0-9-]+) \|", read("DECISIONS.md"), re.MULTILINE)
    assert sorted(listed) == sorted(declared)


def test_the_versions_of_the_decisions_are_the_locked_ones() -> None:
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==([\w.]+)", read("requirements/browser.txt"), re.MULTILINE)
    )
    rows = re.findall(r"^\| ([a-z0-9-]+) \| ([\d.]+) \|", read("DECISIONS.md"), re.MULTILINE)
    assert [(name, told) for name, told in rows if locked[name] != told] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_to_files_resolve(document: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(document))
    local = [link for link in links if not link.startswith(("http://", "https://"))]
    assert [link for link in local if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("document", READMES)
def test_folders_of_the_layout_exist(document: str) -> None:
    layout = read(document).rpartition("```\napp/")[2].partition("```")[0]
    named = re.findall(r"(?:^| )((?:app|bot|outputs)/[\w./]*)", layout)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_licence_is_the_declared_one() -> None:
    assert read("LICENSE").startswith("MIT License")
    assert 'license = "MIT"' in read("pyproject.toml")
    assert (ROOT / "app/pictures/fonts/LICENSE.txt").is_file()


def test_no_file_names_a_registry_or_a_machine() -> None:
    """Locks and documents work with any mirror and on any machine."""
    dot = "."
    hosts = (
        dot.join(("pypi", "org")),
        dot.join(("pythonhosted", "org")),
        dot.join(("npmjs", "org")),
        dot.join(("npmjs", "com")),
        dot.join(("yarnpkg", "com")),
        dot.join(("proxy", "golang", "org")),
        dot.join(("crates", "io")),
        dot.join(("docker", "io")),
    )
    paths = tuple("/" + part + "/" for part in ("home", "Users", "work", "opt"))
    marks = re.compile("|".join([*map(re.escape, hosts), *(rf"(?<![\w.]){p}\w" for p in paths)]))
    found = [(name, hit.group()) for name, text in tracked() for hit in marks.finditer(text)]
    assert found == []


def test_secrets_are_secret() -> None:
    """Whatever is called a key, a token or a secret does not print itself."""
    for name, field in FIELDS.items():
        if name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")):
            assert field.annotation == SecretStr | None, name
