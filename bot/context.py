"""The typed context that carries the services, the person and their language to every handler."""

from __future__ import annotations

from typing import Any

from telegram.ext import Application, CallbackContext, ExtBot, JobQueue

from app.container import Services
from app.errors import DeskError, ImageError, Stale
from app.models import Actor, Draft, Member
from bot.texts import Texts, load

SERVICES = "services"

DeskApplication = Application[
    ExtBot[Any],
    "DeskContext",
    dict[Any, Any],
    dict[Any, Any],
    dict[Any, Any],
    JobQueue[Any] | None,
]


class DeskContext(CallbackContext[ExtBot[Any], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """What a handler needs; `member` is set by the access check before any other handler."""

    _member: Member | None = None
    _texts: Texts | None = None

    @property
    def services(self) -> Services:
        """The open services."""
        services: Services = self.bot_data[SERVICES]
        return services

    @property
    def member(self) -> Member:
        """The person who acts; handlers run for members only."""
        if self._member is None:
            raise RuntimeError("no handler runs before the access check")
        return self._member

    @property
    def actor(self) -> Actor:
        """The person as the domain names them."""
        return Actor(id=self.member.user_id, name=self.member.name)

    @property
    def texts(self) -> Texts:
        """Sentences in the person's language."""
        return self._texts or load(self.services.settings.language)

    def admit(self, member: Member, texts: Texts) -> None:
        """The access check found who it is."""
        self._member = member
        self._texts = texts


def sentence(error: DeskError, texts: Texts) -> str:
    """An error as one sentence in the person's language."""
    draft = error.facts.get("draft")
    if isinstance(error, Stale) and isinstance(draft, Draft):
        key = f"stale.{draft.state}"
        if draft.state != "review" and texts.has(key):
            return texts(key, who=draft.decided_by or "?")
        return texts("stale.changed")
    key = f"failure.{error.code}" if isinstance(error, ImageError) else f"error.{error.code}"
    return texts(key if texts.has(key) else "error.internal", **{"reference": "-", **error.facts})
