"""The JSON bodies of the person's side, read with sentences for what is missing."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request

from bot.demo.parameters import strict_json
from bot.demo.people import SimError
from bot.demo.records import Json


class Body:
    """A request's JSON object."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str, default: str | None = None) -> str:
        """A string; without a default it must be there."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise SimError(400, f"{name} must be a string.")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string or nothing."""
        return None if self.values.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """An integer that must be there."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise SimError(400, f"{name} must be an integer.")
        return value

    def optional_number(self, name: str) -> int | None:
        """An integer or nothing."""
        return None if self.values.get(name) is None else self.number(name)

    def decimal(self, name: str, default: float) -> float:
        """A number."""
        value = self.values.get(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise SimError(400, f"{name} must be a number.")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false; absent is false."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise SimError(400, f"{name} must be true or false.")
        return value

    def binary(self, name: str) -> bytes | None:
        """Base64 or nothing."""
        text = self.optional_text(name)
        try:
            return None if text is None else base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise SimError(400, f"{name} must be base64.") from error


async def body_of(request: Request) -> Body:
    """The request's JSON object."""
    try:
        values = strict_json(await request.body() or b"{}")
    except ValueError as error:
        raise SimError(400, "The body is not JSON.") from error
    if not isinstance(values, dict):
        raise SimError(400, "The body must be a JSON object.")
    return Body(values)
