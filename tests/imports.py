"""Reads a source tree with `ast` and says which of its imports break the layers of the design."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: packages that serve a port, and the two that all of them may use
ADAPTERS = frozenset({"providers", "publishers", "storage", "work", "net", "pictures"})
SHARED = frozenset({"net", "pictures"})
#: what has no layer above it but the language's own library and these
VOCABULARY = frozenset(
    {"models", "orders", "errors", "ports", "transactions", "chat", "wallclock"}
)
#: what an adapter may use besides its own package and the shared ones
FOR_ADAPTERS = VOCABULARY | {"captions"}
#: what a service may use besides the other services
FOR_SERVICES = VOCABULARY | {"captions", "slots", "when", "prompts", "pictures"}
SERVICES = frozenset(
    {
        "announcements",
        "destinations",
        "drafts",
        "flux_helper",
        "images",
        "insistence",
        "members",
        "outcomes",
        "painting",
        "publishing",
        "scheduling",
        "topics",
        "views",
    }
)
#: pure modules: no port, no service, no adapter
PLAIN = VOCABULARY | {"captions", "slots", "when", "prompts", "settings", "logs"}
#: of Telegram's libraries, which the domain never names
TELEGRAM = frozenset({"telegram", "aiogram"})
#: the one import inside a function that may go up: a script's way to open what it needs
UPWARDS = {("app.flux_helper", "app.container"), ("app.flux_helper", "app.settings")}


@dataclass(frozen=True, kw_only=True)
class Import:
    """`source` imports `target`; `top` is False inside a function or under TYPE_CHECKING."""

    source: str
    target: str
    line: int
    top: bool


def modules(root: Path) -> dict[str, Path]:
    """Every module under `root/app` and `root/bot`, by dotted name."""
    found = {}
    for package in ("app", "bot"):
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(root: Path) -> list[Import]:
    """Every import of the tree; `from app import drafts` is an import of `app.drafts`."""
    known = modules(root)
    return [
        Import(source=name, target=target, line=line, top=top)
        for name, path in known.items()
        for target, line, top in _of(path, name, known)
    ]


def _of(path: Path, name: str, known: dict[str, Path]) -> Iterator[tuple[str, int, bool]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(_top_level(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, node in top
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, name, path)
            for alias in node.names:
                below = f"{base}.{alias.name}"
                yield (below if below in known else base), node.lineno, node in top


def _absolute(node: ast.ImportFrom, name: str, path: Path) -> str:
    if node.level == 0:
        return node.module or ""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run at import."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef | ast.For | ast.While):
            waiting.extend(one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt))


def stray(root: Path) -> list[str]:
    """Every import that the layers forbid, as `file:line: sentence`."""
    known = modules(root)
    complaints = []
    for one in imports(root):
        reason = _reason(one)
        if reason:
            path = known[one.source].relative_to(root).as_posix()
            complaints.append(f"{path}:{one.line}: {one.target}: {reason}")
    return complaints


def _reason(one: Import) -> str | None:
    source, target = one.source.split("."), one.target.split(".")
    if source[:2] == ["bot", "demo"]:
        ours = target[0] == "app" or (target[0] == "bot" and target[:2] != ["bot", "demo"])
        return "the local Telegram imports nothing else of ours" if ours else None
    if target[0] == "tests":
        return "the program does not import its tests"
    if source[0] != "app":
        return None
    if target[0] == "bot":
        return "the domain does not know its interface"
    if target[0] in TELEGRAM:
        return "the domain does not know Telegram's libraries"
    if target[0] != "app" or len(target) == 1 or len(source) == 1:
        return None
    return _inner(one, source[1], target[1])


def _inner(one: Import, source: str, target: str) -> str | None:
    """The rules within `app`, by the first part of each name."""
    if source in {"container", target} or _family(source) == _family(target):
        return None
    if (one.source, one.target) in UPWARDS and not one.top:
        return None
    if source in ADAPTERS:
        allowed = target in FOR_ADAPTERS | SHARED
        return None if allowed else "an adapter uses no service and no other adapter"
    if source in SERVICES:
        allowed = target in SERVICES | FOR_SERVICES
        return None if allowed else "a service knows ports, not what serves them"
    if _family(source) in PLAIN:
        return None if _family(target) in PLAIN else "plain modules depend on plain modules"
    return f"app/{source} has no layer in tests/imports.py: name it there"


def _family(module: str) -> str:
    """`when_words` is a part of `when`."""
    return module.partition("_")[0] if module.startswith("when_") else module


def cycles(root: Path) -> list[list[str]]:
    """Groups of modules that import one another at their top level."""
    graph: dict[str, set[str]] = {name: set() for name in modules(root)}
    for one in imports(root):
        if one.top and one.target in graph and one.target != one.source:
            graph[one.source].add(one.target)
    return _circles(graph)


def _circles(graph: dict[str, set[str]]) -> list[list[str]]:
    reach = {name: _reachable(name, graph) for name in graph}
    groups = {
        tuple(sorted(other for other in reach[name] if name in reach[other]))
        for name in graph
        if name in reach[name]
    }
    return [list(group) for group in sorted(groups)]


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(graph[name])
    return seen


def readers_of_the_environment(root: Path) -> list[str]:
    """Modules that name os.environ, os.getenv or their kin."""
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    found = []
    for name, path in modules(root).items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        taken = {
            alias.name
            for n in ast.walk(tree)
            if isinstance(n, ast.ImportFrom) and n.module == "os"
            for alias in n.names
        }
        if names & (attributes | taken):
            found.append(name)
    return found
