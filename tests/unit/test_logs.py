"""Not one secret in the log, whatever is logged and however."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest

from app.logs import Redaction, set_up_logging

TOKEN = "8123456789:AAE9canary_token-canary_token1234567"
KEY = "canary-key-7f3a9c51d2"
ODD = 'canary "quoted" \\ key'
CANARIES = (TOKEN, KEY, ODD)

FORMATS = pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    """`set_up_logging` is for a program; a test gives the root logger back."""
    root = logging.getLogger()
    before = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "telegram")}
    yield
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def logged_to(as_json: bool, level: str = "DEBUG") -> io.StringIO:
    stream = io.StringIO()
    set_up_logging(level=level, as_json=as_json, redact=Redaction(CANARIES), stream=stream)
    return stream


def hits(stream: io.StringIO) -> list[str]:
    text = stream.getvalue()
    assert text, "nothing was logged"
    parts = (*CANARIES, TOKEN.partition(":")[2], json.dumps(ODD)[1:-1], repr(ODD)[1:-1])
    return [part for part in parts if part in text]


def fail(words: str) -> None:
    raise ValueError(words)


@FORMATS
@pytest.mark.parametrize("secret", CANARIES)
def test_a_secret_is_hidden_in_message_arguments_and_names(as_json: bool, secret: str) -> None:
    stream = logged_to(as_json)
    log = logging.getLogger(f"app.{secret}")
    log.info("plain %s", secret)
    log.info(f"formatted {secret}")  # noqa: G004 - as a careless library would
    log.info("a mapping %s", {"Authorization": secret})
    log.info("bytes %r", secret.encode())
    assert hits(stream) == []


@FORMATS
@pytest.mark.parametrize("secret", CANARIES)
def test_a_secret_is_hidden_in_tracebacks_and_their_causes(as_json: bool, secret: str) -> None:
    stream = logged_to(as_json)
    try:
        try:
            fail(f"deep {secret}")
        except ValueError as error:
            raise RuntimeError(f"POST /bot{secret}/sendPhoto") from error
    except RuntimeError:
        logging.getLogger("app").exception("a job failed")
    assert "Traceback" in stream.getvalue()
    assert hits(stream) == []


@FORMATS
async def test_a_real_call_at_debug_shows_no_secret(as_json: bool) -> None:
    """httpx prints the whole URL, and for Telegram the token is in it."""
    stream = logged_to(as_json)
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.post(
            f"https://api.telegram.org/bot{TOKEN}/sendMessage", headers={"x-key": KEY}
        )
    assert "sendMessage" in stream.getvalue()
    assert hits(stream) == []


@FORMATS
def test_an_unknown_token_is_known_by_its_shape(as_json: bool) -> None:
    stream = logged_to(as_json)
    other = "7000000001:BBF0other_token-other_token12345678"
    logging.getLogger("app").warning("GET https://api.telegram.org/bot%s/getMe", other)
    assert other not in stream.getvalue()


@FORMATS
def test_a_record_that_cannot_be_formatted_shows_no_secret(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """logging prints the arguments of such a record to stderr by itself."""
    stream = logged_to(as_json)
    logging.getLogger("app").warning("%d pictures", KEY)
    assert hits(stream) == []
    assert KEY not in capsys.readouterr().err


def test_a_longer_secret_is_hidden_before_a_shorter_one_within_it() -> None:
    assert Redaction(["abcd", "abcd-efgh"])("abcd-efgh abcd") == "[hidden] [hidden]"


def test_a_word_too_short_to_be_a_secret_hides_nothing() -> None:
    assert Redaction(["a", ""])("a bat") == "a bat"


def test_json_is_one_object_a_line() -> None:
    stream = logged_to(as_json=True)
    logging.getLogger("app.x").warning("çok\nsatır %s", 1)
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"]) == (
        "WARNING",
        "app.x",
        "çok\nsatır 1",
    )
    assert entry["at"].endswith("+00:00")


def test_json_stays_json_when_a_secret_was_in_it() -> None:
    stream = logged_to(as_json=True)
    logging.getLogger("app").warning("key %s", ODD)
    assert json.loads(stream.getvalue())["message"] == "key [hidden]"


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "telegram.ext", "apscheduler.x"])
def test_noisy_libraries_speak_from_warning_on(name: str) -> None:
    stream = logged_to(as_json=False, level="INFO")
    logging.getLogger(name).info("chatter")
    logging.getLogger(name).warning("trouble")
    assert ("chatter" in stream.getvalue(), "trouble" in stream.getvalue()) == (False, True)
