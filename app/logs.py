"""Logging: one handler, one formatter that lets no secret through."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import quote

_TOKEN = re.compile(r"\d{2,12}:[\w-]{20,}")
_HIDDEN = "[hidden]"
#: libraries that print whole URLs or bodies below this level
_QUIET = ("httpx", "httpcore", "telegram", "apscheduler", "aiosqlite", "PIL", "asyncio", "alembic")


class Redaction:
    """Replaces known secrets, and whatever looks like a bot token, in any text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are hidden wherever they occur; very short ones would hide ordinary words."""
        long_enough = (s for s in secrets if len(s) >= 4)
        self._secrets = sorted(
            {spelled for secret in long_enough for spelled in _spellings(secret)},
            key=len,
            reverse=True,
        )

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _TOKEN.sub(_HIDDEN, text)


def _spellings(secret: str) -> set[str]:
    """The secret as it stands in plain text, in a repr, in JSON and in a URL."""
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe="")}


class RedactingFormatter(logging.Formatter):
    """A readable line (or a JSON object) per record, tracebacks included, redacted as a whole."""

    def __init__(self, redact: Redaction, *, as_json: bool = False) -> None:
        """`as_json` gives one JSON object a line."""
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._redact = redact
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Format first, then redact: only the finished text holds everything."""
        try:
            return self._finished(record)
        except (TypeError, ValueError) as error:
            # logging itself would print the arguments to stderr as they are.
            plain = {"msg": f"malformed log line ({error}): {record.msg}", "args": ()}
            return self._finished(logging.makeLogRecord({**record.__dict__, **plain}))

    def _finished(self, record: logging.LogRecord) -> str:
        return self._json(record) if self._as_json else self._redact(super().format(record))

    def _json(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        redacted = {name: self._redact(value) for name, value in entry.items()}
        return json.dumps(redacted, ensure_ascii=False)


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
