"""The one reader of the environment: `.env` and variables become a frozen record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import SettingsInvalid

ENV_FILE = Path(".env")


def _words(value: Any) -> Any:
    """`a, b c` -> `["a", "b", "c"]`: how a list is written in one line of `.env`."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything that can be set. All optional; an empty value means unset."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    telegram_bot_token: SecretStr | None = None
    telegram_api_base_url: str = "https://api.telegram.org"
    owner_ids: Annotated[frozenset[int], NoDecode] = frozenset()
    telegram_channels: Annotated[tuple[str, ...], NoDecode] = ()

    database_url: str = "sqlite+aiosqlite:///outputs/bot.db"
    outputs_dir: Path = Path("outputs")
    timezone: str = "Europe/Istanbul"
    language: Literal["en", "tr"] = "en"
    post_max_lateness_minutes: int = Field(default=30, ge=1)

    image_providers: Annotated[tuple[str, ...], NoDecode] = ()
    image_model: str | None = None
    bfl_api_key: SecretStr | None = None
    bfl_base_url: str = "https://api.bfl.ai"
    modelverse_api_key: SecretStr | None = None
    modelverse_base_url: str = "https://api.modelverse.cn"
    cometapi_key: SecretStr | None = None
    cometapi_base_url: str = "https://api.cometapi.com/replicate"
    replicate_api_token: SecretStr | None = None
    replicate_base_url: str = "https://api.replicate.com"
    apiframe_api_key: SecretStr | None = None
    apiframe_base_url: str = "https://api.apiframe.ai"
    doitong_api_key: SecretStr | None = None
    doitong_base_url: str = "https://api.doitong.com"
    doitong_dialect: Literal["generate", "generateImage", "rest"] = "generate"
    doitong_status_query: str | None = None
    openai_images_api_key: SecretStr | None = None
    openai_images_base_url: str | None = None

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @field_validator("owner_ids", "telegram_channels", "image_providers", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _words(value)

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, KeyError, ValueError) as error:
            raise ValueError("is not a zone name such as Europe/Istanbul") from error
        return value

    @field_validator(
        "telegram_api_base_url",
        "bfl_base_url",
        "modelverse_base_url",
        "cometapi_base_url",
        "replicate_base_url",
        "apiframe_base_url",
        "doitong_base_url",
        "openai_images_base_url",
    )
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http:// for a server of your own)")
        return value.rstrip("/")

    @field_validator("doitong_status_query")
    @classmethod
    def _asks_for_a_job(cls, value: str | None) -> str | None:
        if value is None or "$id" in value or (value.startswith("/") and "{id}" in value):
            return value
        raise ValueError("must be a GraphQL query with $id, or a path with {id}")

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log's redaction."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(v.get_secret_value() for v in values if isinstance(v, SecretStr))


def load_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """Read `.env` (if there is one) and the environment, which wins.

    Raises `SettingsInvalid` naming every bad variable and what is wrong with it, never its value.
    """
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        lines = (
            f"{str(item['loc'][0]).upper()} {_problem(item)}"
            for item in error.errors(include_input=False, include_context=False)
        )
        raise SettingsInvalid("; ".join(lines) + ". See .env.example.") from None
    except UnicodeDecodeError:
        raise SettingsInvalid(f"{env_file} is not UTF-8 text. See .env.example.") from None


def _problem(item: Any) -> str:
    """pydantic's message as the rest of a sentence that begins with the variable's name."""
    message: str = item["msg"]
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message if message.startswith(("must", "is ", "should")) else f"is wrong: {message}"
