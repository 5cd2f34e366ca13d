"""The environment and `.env` as a frozen record; bad values named, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.errors import SettingsInvalid
from app.settings import Settings, load_settings

SECRET = "canary-7f3a9c51d2"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of this machine takes part; setenv is how a test has an environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / ".env"
    file.write_text(text, encoding=encoding)
    return file


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none.env")
    assert settings == Settings(_env_file=None)
    assert (settings.timezone, settings.language) == ("Europe/Istanbul", "en")
    assert settings.telegram_bot_token is None


def test_the_file_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, "LANGUAGE=tr\nPOST_MAX_LATENESS_MINUTES=5\n")
    settings = load_settings(file)
    assert (settings.language, settings.post_max_lateness_minutes) == ("tr", 5)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    assert load_settings(written(tmp_path, "LANGUAGE=tr")).language == "en"


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_an_empty_value_means_unset(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, f"{name}=\n")
    monkeypatch.setenv(name, "")
    assert load_settings(file) == Settings(_env_file=None)


def test_an_empty_variable_does_not_hide_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "")
    assert load_settings(written(tmp_path, "LANGUAGE=tr")).language == "tr"


@pytest.mark.parametrize("line", ["7 8", "7,8", " 7, 8 ,", "'7 8'"])
def test_a_list_is_split_at_spaces_and_commas(line: str, tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, f"OWNER_IDS={line}")).owner_ids == {7, 8}


def test_a_list_keeps_its_order(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "IMAGE_PROVIDERS=offline, bfl"))
    assert settings.image_providers == ("offline", "bfl")


def test_a_file_saved_by_notepad_is_read_from_its_first_letter(tmp_path: Path) -> None:
    """With a byte-order mark before the first name."""
    assert load_settings(written(tmp_path, "LANGUAGE=tr", "utf-8-sig")).language == "tr"


def test_letters_of_the_level_may_be_small(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "LOG_LEVEL=debug")).log_level == "DEBUG"


def test_a_closing_slash_of_a_base_url_is_dropped(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "BFL_BASE_URL=http://127.0.0.1:9/"))
    assert settings.bfl_base_url == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "name,value",
    [
        ("OWNER_IDS", f"7 {SECRET}"),
        ("POST_MAX_LATENESS_MINUTES", SECRET),
        ("POST_MAX_LATENESS_MINUTES", "-1"),
        ("POST_MAX_LATENESS_MINUTES", "0"),
        ("LANGUAGE", SECRET),
        ("TIMEZONE", SECRET),
        ("TIMEZONE", "../../etc/passwd"),
        ("TELEGRAM_API_BASE_URL", f"{SECRET}.example"),
        ("BFL_BASE_URL", f"ftp://{SECRET}"),
        ("MODELVERSE_BASE_URL", f"{SECRET}.example"),
        ("COMETAPI_BASE_URL", f"{SECRET}.example"),
        ("REPLICATE_BASE_URL", f"{SECRET}.example"),
        ("OPENAI_IMAGES_BASE_URL", f"{SECRET}.example:8000"),
        ("LOG_LEVEL", SECRET),
        ("LOG_FORMAT", SECRET),
    ],
)
def test_a_bad_value_is_named_without_being_shown(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(written(tmp_path, f"{name}={value}"))
    told = str(caught.value)
    assert told.startswith(f"{name} ")
    assert told.endswith("See .env.example.")
    assert SECRET not in told
    assert caught.value.__cause__ is None


def test_every_bad_value_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(written(tmp_path, "LANGUAGE=xx\nTIMEZONE=Mars/Base"))
    assert {"LANGUAGE", "TIMEZONE"} <= set(str(caught.value).split())


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "LANGUAGE=tr", "utf-16")
    with pytest.raises(SettingsInvalid, match=r"\.env"):
        load_settings(file)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings(None).language = "tr"  # type: ignore[misc]


def test_secrets_do_not_print(tmp_path: Path) -> None:
    settings = load_settings(
        written(tmp_path, f"TELEGRAM_BOT_TOKEN=42:{SECRET}\nBFL_API_KEY={SECRET}")
    )
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET not in shown


def test_every_secret_is_handed_to_the_redaction(tmp_path: Path) -> None:
    settings = load_settings(
        written(tmp_path, f"TELEGRAM_BOT_TOKEN=42:{SECRET}\nBFL_API_KEY=key-{SECRET}")
    )
    assert set(settings.secrets()) == {f"42:{SECRET}", f"key-{SECRET}"}


def test_unset_secrets_are_no_secrets() -> None:
    assert load_settings(None).secrets() == ()


def test_unknown_names_in_the_file_are_none_of_our_business(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "SOMEBODY_ELSES=1")) == load_settings(None)
