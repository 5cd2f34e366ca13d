"""Logging: one handler, one formatter that lets no secret through."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

_TOKEN = re.compile(r"\d{2,12}:[\w-]{20,}")
_HIDDEN = "[hidden]"
#: libraries that print whole URLs or bodies below this level
_QUIET = ("httpx", "httpcore", "telegram", "apscheduler", "aiosqlite", "PIL", "asyncio", "alembic")


class Redaction:
    """Replaces known secrets, and whatever looks like a bot token, in any text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are hidden wherever they occur; very short ones would hide ordinary words."""
        self._secrets = sorted((s for s in secrets if len(s) >= 4), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _TOKEN.sub(_HIDDEN, text)


class RedactingFormatter(logging.Formatter):
    """A readable line (or a JSON object) per record, tracebacks included, redacted as a whole."""

    def __init__(self, redact: Redaction, *, as_json: bool = False) -> None:
        """`as_json` gives one JSON object a line."""
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._redact = redact
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Format first, then redact: only the finished text holds everything."""
        if not self._as_json:
            return self._redact(super().format(record))
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return self._redact(json.dumps(entry, ensure_ascii=False))


def set_up_logging(
    *, level: str, as_json: bool, redact: Redaction, stream: TextIO | None = None
) -> None:
    """Give the root logger our handler; noisy libraries speak from WARNING on, unless DEBUG."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter(redact, as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel("DEBUG" if level == "DEBUG" else "WARNING")
