"""The worker process that decodes and draws: no secrets, little memory, one task after another.

It reads frames from standard input and writes frames to standard output; a frame is a JSON header
and raw bytes, each with its length before it. Nothing is pickled: a picture that takes this
process over can still only answer with a picture.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from app.errors import ImageDownload

LENGTHS = struct.Struct("!II")
_MEMORY = 1024**3
_CPU_SECONDS = 20

Header = Mapping[str, Any]


def pack(header: Header, data: bytes) -> bytes:
    """A frame."""
    head = json.dumps(header).encode()
    return LENGTHS.pack(len(head), len(data)) + head + data


def _check(data: bytes, _: Header) -> tuple[Header, bytes]:
    from app.pictures.check import check_picture

    return _facts(check_picture(data)), b""


def _fit(data: bytes, header: Header) -> tuple[Header, bytes]:
    from app.pictures.fit import fit_picture

    fitted = fit_picture(data, **header["with"])
    return _facts(fitted.facts), fitted.data


def _paint(_: bytes, header: Header) -> tuple[Header, bytes]:
    from app.pictures.painting import paint

    return {}, paint(**header["with"])


def _placeholder(_: bytes, __: Header) -> tuple[Header, bytes]:
    from app.pictures.placeholder import placeholder

    return {}, placeholder()


TASKS: Mapping[str, Callable[[bytes, Header], tuple[Header, bytes]]] = {
    "check": _check,
    "fit": _fit,
    "paint": _paint,
    "placeholder": _placeholder,
}


def _facts(facts: Any) -> Header:
    return {name: getattr(facts, name) for name in ("mime", "width", "height", "file_size")}


def answer(header: Header, data: bytes) -> bytes:
    """Do one task; a picture that cannot be used is an answer, not a crash."""
    try:
        told, result = TASKS[header["task"]](data, header)
    except ImageDownload as error:
        return pack({"refused": str(error)}, b"")
    except MemoryError:
        return pack({"refused": "the picture needs too much memory"}, b"")
    return pack({"facts": told}, result)


def _limit() -> None:
    """Bounded memory for the process, bounded CPU seconds for the task at hand."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + _CPU_SECONDS
    for kind, most in ((resource.RLIMIT_CPU, allowed), (resource.RLIMIT_AS, _MEMORY)):
        with suppress(ValueError, OSError):  # macOS knows RLIMIT_AS and refuses to set it
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _frame(stream: BinaryIO) -> tuple[Header, bytes] | None:
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, body = LENGTHS.unpack(lengths)
    return json.loads(stream.read(head)), stream.read(body)


def main() -> None:
    """Answer until standard input ends, which it does when the parent goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reading = sys.stdin.buffer
    writing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while (frame := _frame(reading)) is not None:
        _limit()
        writing.write(answer(*frame))
        writing.flush()


if __name__ == "__main__":
    main()
