"""Users, chats and messages as the server keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.demo.files import Document, Photo

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class User:
    """A person or the bot."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Member:
    """What somebody is in a chat; rights count for administrators."""

    status: str
    rights: Mapping[str, bool] = field(default_factory=dict)

    @property
    def present(self) -> bool:
        """Whether they are in the chat at all."""
        return self.status in {"creator", "administrator", "member"}

    @property
    def leads(self) -> bool:
        """Whether they are creator or administrator."""
        return self.status in {"creator", "administrator"}

    def may(self, right: str) -> bool:
        """Whether they have an administrator's right."""
        return self.status == "creator" or (self.leads and self.rights.get(right, False))


LEFT = Member(status="left")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service message: the Bot API's field for the bot, a sentence for people."""

    sentence: str
    payload: Json


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message as it is now; `text` is the caption when there is media."""

    chat_id: int
    message_id: int
    date: int
    author_id: int
    sender: User | None
    thread_id: int | None = None
    edit_date: int | None = None
    text: str = ""
    entities: tuple[Json, ...] = ()
    photo: Photo | None = None
    document: Document | None = None
    reply_to: int | None = None
    markup: Json | None = None
    media_group_id: str | None = None
    reactions: tuple[str, ...] = ()
    caption_above: bool = False
    spoiler: bool = False
    forward_origin: Json | None = None
    service: Service | None = None

    @property
    def has_media(self) -> bool:
        """Whether `text` is a caption."""
        return self.photo is not None or self.document is not None

    @property
    def inline_keyboard(self) -> list[list[Json]]:
        """Rows of buttons under the message."""
        rows: list[list[Json]] = (self.markup or {}).get("inline_keyboard", [])
        return rows


@dataclass(kw_only=True)
class Topic:
    """A topic of a forum."""

    thread_id: int
    name: str
    icon_color: int = 7322096
    closed: bool = False


@dataclass(kw_only=True)
class Chat:
    """A chat with its members, messages and topics."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None
    is_forum: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    migrated_to: int | None = None
    last_message_id: int = 0

    def member(self, user_id: int) -> Member:
        """What that user is here; strangers have left."""
        return self.members.get(user_id, LEFT)

    def creator_id(self) -> int | None:
        """Who made the chat."""
        return next((u for u, m in self.members.items() if m.status == "creator"), None)

    def next_message_id(self) -> int:
        """Takes the next message id."""
        self.last_message_id += 1
        return self.last_message_id


@dataclass(kw_only=True)
class Callback:
    """A tap on a button that waits for its answer."""

    id: str
    user: User
    chat_id: int
    message_id: int
    data: str
    at: float
    answer: Json | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def place(self) -> Json:
        """Who tapped where, as the contract's events say it."""
        return {
            "callback_query_id": self.id,
            "user_id": self.user.id,
            "chat_id": self.chat_id,
            "message_id": self.message_id,
        }


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One call of the Bot API, without its token."""

    id: int
    at: float
    method: str
    chat_id: int | str | None
    summary: str
    status: int
    ms: float
    error: str | None

    def to_json(self) -> Json:
        """The contract's call."""
        return dict(vars(self))
