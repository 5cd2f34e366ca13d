"""How the bot presents itself: commands by scope and language, names and descriptions."""

from __future__ import annotations

from collections.abc import Iterator

from bot.demo.records import Json

Key = tuple[str, str]


class Profile:
    """Commands and texts as the bot last set them."""

    def __init__(self) -> None:
        self.commands: dict[Key, list[Json]] = {}
        self.texts: dict[Key, str] = {}
        self.menu_button: Json = {"type": "commands"}

    def text(self, name: str, language: str) -> str:
        """A description or name in that language, else the one for everybody."""
        return self.texts.get((name, language)) or self.texts.get((name, ""), "")

    def commands_in_private(self, chat_id: int, language: str) -> list[Json]:
        """The commands a person's menu shows, in Telegram's order of lookup."""
        for key in _lookup(chat_id, language):
            if key in self.commands:
                return self.commands[key]
        return []


def _lookup(chat_id: int, language: str) -> Iterator[Key]:
    for scope in (f"chat:{chat_id}:", "all_private_chats::", "default::"):
        yield scope, language
        yield scope, ""
