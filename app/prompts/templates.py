"""The template library: TOML files by theme, checked when read, each fault with file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from jinja2 import StrictUndefined, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

T = TypeVar("T")

LANGUAGES = ("tr", "en")
SLOTS = ("setting", "light", "angle", "mood", "palette")

_PROMPT_NAMES = frozenset({"subject", *SLOTS})
_TEXT_NAMES = frozenset({"topic"})

# Nothing is HTML here, and the picture model gets plain text: escaping would only spoil it.
ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class TemplateBroken(ValueError):
    """A template file cannot be used; `file` and `line` say where, the message says why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        """Keep the place beside the reason, so that both can be shown."""
        super().__init__(f"{file}:{line}: {reason}")
        self.file, self.line, self.reason = file, line, reason


@dataclass(frozen=True, kw_only=True)
class Template:
    """One way to show a topic; `subject` is shown when nothing of the topic is understood."""

    id: str
    version: int
    theme: str
    title: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]
    subject: str
    prompt: str
    slots: Mapping[str, tuple[str, ...]]
    caption: Mapping[str, tuple[str, ...]]
    hashtags: Mapping[str, tuple[str, ...]]
    alt: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Library:
    """The usable templates in order of theme and name, and what was wrong with the others."""

    templates: tuple[Template, ...]
    broken: tuple[TemplateBroken, ...]

    @property
    def themes(self) -> tuple[str, ...]:
        """The theme names, each once."""
        return tuple(dict.fromkeys(template.theme for template in self.templates))

    def of(self, theme: str) -> tuple[Template, ...]:
        """Return the templates of a theme."""
        return tuple(one for one in self.templates if one.theme == theme)


@cache
def built_in() -> Library:
    """Return the library that comes with the program, read once."""
    return load_library()


def load_library(extra: Path | None = None) -> Library:
    """Read the built-in library and, over it, `extra/<theme>/*.toml`; equal ids replace.

    A file that cannot be used is listed under `broken`, and all others still work.
    """
    found: dict[str, Template] = {}
    broken: list[TemplateBroken] = []
    roots: list[Traversable] = [files("app.prompts").joinpath("library")]
    if extra is not None:
        roots.append(extra)
    for theme, file in (pair for root in roots for pair in _files(root)):
        name = f"{theme}/{file.name}"
        try:
            template = read_template(file.read_bytes(), theme=theme, file=name)
        except TemplateBroken as fault:
            broken.append(fault)
        else:
            found[template.id] = template
    return Library(templates=tuple(found.values()), broken=tuple(broken))


def read_template(content: bytes, *, theme: str, file: str) -> Template:
    """Read one template file; raises TemplateBroken with its line when it cannot be used."""
    try:
        source = content.decode("utf-8")
        tables = tomllib.loads(source)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TemplateBroken(file, line, "this is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else source.count("\n") + 1
        raise TemplateBroken(file, line, str(error)) from error
    return _Reader(tables, source, file).template(theme)


def _files(root: Traversable) -> Iterator[tuple[str, Traversable]]:
    if not root.is_dir():
        return
    for theme in sorted(root.iterdir(), key=lambda entry: entry.name):
        if theme.is_dir():
            for file in sorted(theme.iterdir(), key=lambda entry: entry.name):
                if file.name.endswith(".toml"):
                    yield theme.name, file


class _Reader:
    """Takes checked values out of one parsed file."""

    def __init__(self, tables: dict[str, Any], source: str, file: str) -> None:
        self._tables, self._source, self._file = tables, source, file

    def template(self, theme: str) -> Template:
        """Return the whole template, or raise at the first value that is not as it must be."""
        return Template(
            id=self._text("id"),
            version=self._version(),
            theme=theme,
            title=self._by_language("title", self._text),
            words=self._by_language("words", self._texts),
            subject=self._english("subject", self._text("subject")),
            prompt=self._jinja("prompt", self._english("prompt", self._text("prompt")), "prompt"),
            slots=MappingProxyType({slot: self._slot(slot) for slot in SLOTS}),
            caption=self._by_language("caption", self._captions),
            hashtags=self._by_language("hashtags", self._tags),
            alt=self._by_language("alt", self._alt),
        )

    def _by_language(self, key: str, read: Callable[[str], T]) -> Mapping[str, T]:
        return MappingProxyType({one: read(f"{key}.{one}") for one in LANGUAGES})

    def _value(self, path: str) -> Any:
        value: Any = self._tables
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            raise self._fault(path, f"{path} is missing")
        return value

    def _version(self) -> int:
        value = self._value("version")
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._fault("version", "version must be a whole number from 1 up")
        return value

    def _text(self, path: str) -> str:
        value = self._value(path)
        if not isinstance(value, str) or not value.strip():
            raise self._fault(path, f"{path} must be a text")
        return value.strip()

    def _texts(self, path: str) -> tuple[str, ...]:
        value = self._value(path)
        texts = value if isinstance(value, list) else []
        if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
            raise self._fault(path, f"{path} must be a list of texts")
        return tuple(one.strip() for one in texts)

    def _slot(self, slot: str) -> tuple[str, ...]:
        path = f"slots.{slot}"
        return tuple(self._english(path, variant) for variant in self._texts(path))

    def _captions(self, path: str) -> tuple[str, ...]:
        return tuple(self._jinja(path, text, "text") for text in self._texts(path))

    def _alt(self, path: str) -> str:
        return self._jinja(path, self._text(path), "text")

    def _tags(self, path: str) -> tuple[str, ...]:
        tags = self._texts(path)
        wrong = next((tag for tag in tags if not re.fullmatch(r"#\w+", tag)), None)
        if wrong is not None:
            raise self._fault(path, f"{wrong!r} is no hashtag; write it like #AkıllıTarım")
        return tags

    def _english(self, path: str, text: str) -> str:
        if not text.isascii():
            odd = next(char for char in text if not char.isascii())
            raise self._fault(path, f"{path} must be English in plain ASCII, not {odd!r}")
        return text

    def _jinja(self, path: str, text: str, kind: str) -> str:
        allowed = _PROMPT_NAMES if kind == "prompt" else _TEXT_NAMES
        try:
            used = meta.find_undeclared_variables(ENVIRONMENT.parse(text))
        except TemplateSyntaxError as error:
            raise self._fault(path, f"{path}: {error.message}", error.lineno - 1) from error
        if used - allowed:
            name = min(used - allowed)
            raise self._fault(path, f"{path} knows {', '.join(sorted(allowed))}, not {name!r}")
        return text

    def _fault(self, path: str, reason: str, down: int = 0) -> TemplateBroken:
        return TemplateBroken(self._file, self._line(path) + down, reason)

    def _line(self, path: str) -> int:
        """Find the line of a key by name; for a missing key, that of the table it belongs in."""
        lines = self._source.splitlines()
        table, _, key = path.rpartition(".")
        heading = rf"\s*\[{re.escape(table)}\]"
        start = next((at for at, line in enumerate(lines) if re.match(heading, line)), 0)
        wanted = rf"\s*(?:{re.escape(path)}|{re.escape(key)})\s*="
        places = (at for at, line in enumerate(lines) if at >= start and re.match(wanted, line))
        return next(places, start) + 1
