"""What the chat side keeps in the same database: cards, open questions, received updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """The message that shows a draft; `shown` is a digest of what it shows now."""

    id: int
    draft_id: int
    chat_id: int
    thread_id: int | None
    message_id: int
    shown: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A text we asked for: that person's next words there are the draft's new `field`."""

    id: int
    chat_id: int
    user_id: int
    message_id: int | None
    draft_id: int
    draft_version: int
    field: str
    expires_at: datetime
    #: the update that answered it, so that the same update replayed is recognised
    answered_by: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxEntry:
    """An update as it was received, kept until it was handled."""

    update_id: int
    payload: Mapping[str, Any]
    attempts: int
    error_text: str | None
    received_at: datetime
    done_at: datetime | None
    quarantined_at: datetime | None
