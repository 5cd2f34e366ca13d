"""A running desk for each test, and the rule that nothing may go wrong unseen."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import certifi
import pytest
from starlette.requests import ClientDisconnect

from tests.bot.driver import Desk, served_desk, unanswered

END = "-----END CERTIFICATE-----"


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every HTTP client reads the certificate authorities, and nothing here speaks TLS."""
    file = tmp_path_factory.mktemp("tls") / "one.pem"
    head, end, _rest = (
        Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----")
    )
    file.write_text(head[head.index("-----BEGIN") :] + end + "\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.fixture
def language() -> str:
    """The person's language; scenarios override it by parameter."""
    return "en"


@pytest.fixture
async def desk(tmp_path: Path, language: str) -> AsyncIterator[Desk]:
    async with served_desk(tmp_path, language=language) as running:
        yield running
        spinning = unanswered(running.world)
        assert not spinning, f"taps that nobody answered: {[one.data for one in spinning]}"


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test may leave an error in the log unless it says that it provokes one."""
    caplog.set_level(logging.WARNING)
    yield
    if request.node.get_closest_marker("troubled"):
        return
    errors = [
        record
        for record in caplog.get_records("call")
        if record.levelno >= logging.ERROR and not _hung_up(record)
    ]
    assert not errors, "\n".join(r.getMessage() + str(r.exc_info or "") for r in errors)


def _hung_up(record: logging.LogRecord) -> bool:
    """The local server's word that the bot stopped in the middle of a call."""
    return bool(record.exc_info and isinstance(record.exc_info[1], ClientDisconnect))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "troubled: provokes errors that are logged")
