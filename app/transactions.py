"""One atomic piece of work with the database, as the services see it: rows by aggregate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from app.chat import Card, InboxEntry, Question
from app.models import (
    Announcement,
    Attempt,
    Brand,
    Delivery,
    Destination,
    Draft,
    Image,
    Member,
    Post,
    Topic,
)

T = TypeVar("T")


class Rows(Protocol[T]):
    """The rows of one table as frozen models. Column names are the models' field names."""

    async def add(self, **values: Any) -> T:
        """Insert and return the row."""

    async def get(self, row_id: int) -> T:
        """The row, or `NotFound`."""

    async def find(self, *, order: str = "id", limit: int | None = None, **equal: Any) -> list[T]:
        """Rows whose columns equal the values; a collection means any of them, `-id` downwards."""

    async def move(self, row: T, **changes: Any) -> T:
        """Compare-and-set on what was read (state, version, fence): the changed row, or `Stale`.

        A change of `state` must be a legal move of `models.MOVES`.
        """

    async def touch(self, row_id: int, **changes: Any) -> T:
        """Change columns that carry no state (a file id) without comparing, or `NotFound`."""


class Members(Rows[Member], Protocol):
    """Members, with what only they need."""

    async def remove(self, row_id: int) -> None:
        """Forget a person."""


class Drafts(Rows[Draft], Protocol):
    """Drafts, with the questions only they have."""

    async def next_number(self, brand_id: int) -> int:
        """The short number of the brand's next draft."""


class Announcements(Rows[Announcement], Protocol):
    """Announcements, with the questions only they have."""

    async def prune(self, *, before: datetime) -> None:
        """Delete what was shown before that instant."""

    async def unseen(self, *, limit: int) -> list[Announcement]:
        """What was not shown yet, oldest first."""


class Deliveries(Rows[Delivery], Protocol):
    """Deliveries, with the questions only they have."""

    async def claim_due(
        self, *, now: datetime, limit: int, lease_until: datetime
    ) -> list[Delivery]:
        """Turn up to `limit` due rows to dispatched, oldest first, each for one claimer only."""

    async def next_due(self) -> datetime | None:
        """When the earliest scheduled delivery falls due."""

    async def overdue(self, *, before: datetime) -> list[Delivery]:
        """Scheduled deliveries that fell due before that instant."""

    async def lapsed(self, *, now: datetime) -> list[Delivery]:
        """Dispatched or publishing deliveries whose lease is over."""

    async def release(self, *, owner_prefix: str) -> list[Delivery]:
        """End the leases of owners that are known to be dead."""


class Images(Rows[Image], Protocol):
    """Images, with the questions only they have."""

    async def orphaned(self, *, now: datetime) -> list[Image]:
        """Images that a painting draft waits for and that nobody has in hand."""

    async def release(self, *, owner_prefix: str) -> list[Image]:
        """Take the leases from owners that are known to be dead."""


class Paces(Protocol):
    """How long pictures usually take, by provider, model and size."""

    async def usual(self, key: str) -> float | None:
        """The learnt median in seconds, or None before the first picture."""

    async def learn(self, key: str, seconds: float) -> None:
        """Take one more measurement into account."""


class Inbox(Protocol):
    """Received updates by their id."""

    async def keep(self, update_id: int, payload: Mapping[str, Any], *, now: datetime) -> bool:
        """Store an update; False when it was received before."""

    async def open(self) -> list[InboxEntry]:
        """What is neither handled nor quarantined, in the order of arrival."""

    async def done(self, update_id: int, *, now: datetime) -> None:
        """Mark as handled and forget its words."""

    async def prune(self, *, before: datetime) -> None:
        """Delete what was handled before that instant."""

    async def failed(self, update_id: int, *, error: str) -> int:
        """Count a failure; the number of tries so far."""

    async def quarantine(self, update_id: int, *, now: datetime) -> None:
        """Put aside for good."""


class Strangers(Protocol):
    """People who may not use the bot."""

    async def may_tell(self, user_id: int, *, now: datetime, since: datetime) -> bool:
        """True at most once per period; remembers that it said so."""


class Notes(Protocol):
    """Small facts worth keeping."""

    async def get(self, key: str) -> str | None:
        """The value, if any."""

    async def put(self, key: str, value: str) -> None:
        """Insert or replace."""


class Transaction(Protocol):
    """One atomic piece of work. Everything in it happens, or nothing."""

    @property
    def brands(self) -> Rows[Brand]: ...
    @property
    def members(self) -> Members: ...
    @property
    def topics(self) -> Rows[Topic]: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def images(self) -> Images: ...
    @property
    def paces(self) -> Paces: ...
    @property
    def posts(self) -> Rows[Post]: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def attempts(self) -> Rows[Attempt]: ...
    @property
    def destinations(self) -> Rows[Destination]: ...
    @property
    def announcements(self) -> Announcements: ...
    @property
    def cards(self) -> Rows[Card]: ...
    @property
    def questions(self) -> Rows[Question]: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def strangers(self) -> Strangers: ...
    @property
    def notes(self) -> Notes: ...

    async def audit(
        self, *, brand_id: int, actor: str, action: str, draft_id: int | None, **detail: Any
    ) -> None:
        """Append to the log of who did what."""

    def after(self, action: Callable[[], None]) -> None:
        """Run `action` once the transaction is committed."""
