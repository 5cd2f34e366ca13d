"""The nouns of the desk as frozen values, and the one place that says which state may follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.errors import DeskError


class DraftState(StrEnum):
    """Where a draft is in its life."""

    PAINTING = "painting"
    REVIEW = "review"
    FAILED = "failed"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    REJECTED = "rejected"
    EXPIRED = "expired"


class ImageState(StrEnum):
    """How far one paid attempt has come; each step is committed before the next begins."""

    INTENDED = "intended"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    READY = "ready"
    STORED = "stored"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LOST = "lost"


class DeliveryState(StrEnum):
    """How far one post has come at one destination."""

    SCHEDULED = "scheduled"
    DISPATCHED = "dispatched"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    MISSED = "missed"


class DestinationState(StrEnum):
    """Whether a channel can be posted to."""

    ACTIVE = "active"
    BROKEN = "broken"


class Role(StrEnum):
    """What a member may do, most first."""

    OWNER = "owner"
    APPROVER = "approver"
    AUTHOR = "author"
    VIEWER = "viewer"


class AnnouncementKind(StrEnum):
    """What the domain tells the people, for the bot to show."""

    CARD = "card"
    PUBLISHED = "published"
    FAILED = "failed"
    UNKNOWN = "unknown"
    MISSED = "missed"
    DESTINATION_CONNECTED = "destination_connected"
    DESTINATION_BROKEN = "destination_broken"
    QUARANTINED = "quarantined"


_D, _I, _V = DraftState, ImageState, DeliveryState

#: why a delivery was cancelled whose outcome nobody knows: it may be live all the same
GIVEN_UP = "given_up_unknown"
_OUT_OR_MAYBE = (_V.PUBLISHING, _V.PUBLISHED, _V.UNKNOWN)

#: kind -> state -> states that may follow; anything else is a programming error. The kinds are
#: kept apart because equal words of two kinds are equal keys.
MOVES: Mapping[type[StrEnum], Mapping[StrEnum, frozenset[StrEnum]]] = {
    DraftState: {
        _D.PAINTING: frozenset({_D.REVIEW, _D.FAILED}),
        _D.REVIEW: frozenset({_D.REVIEW, _D.PAINTING, _D.APPROVED, _D.REJECTED, _D.EXPIRED}),
        _D.FAILED: frozenset({_D.FAILED, _D.PAINTING, _D.REVIEW, _D.REJECTED}),
        _D.APPROVED: frozenset({_D.SCHEDULED, _D.REVIEW}),
        _D.SCHEDULED: frozenset({_D.PUBLISHED, _D.REVIEW}),
        _D.PUBLISHED: frozenset(),
        _D.REJECTED: frozenset({_D.REVIEW, _D.FAILED}),
        _D.EXPIRED: frozenset({_D.REVIEW}),
    },
    ImageState: {
        _I.INTENDED: frozenset({_I.SUBMITTING, _I.FAILED, _I.REFUSED}),
        _I.SUBMITTING: frozenset(
            {
                _I.INTENDED,  # the order was certainly not taken, or may be sent again
                _I.ACCEPTED,
                _I.READY,
                _I.STORED,
                _I.REFUSED,
                _I.FAILED,
                _I.UNKNOWN,
            }
        ),
        _I.ACCEPTED: frozenset({_I.ACCEPTED, _I.READY, _I.STORED, _I.REFUSED, _I.FAILED, _I.LOST}),
        _I.READY: frozenset({_I.ACCEPTED, _I.STORED, _I.FAILED, _I.LOST}),
        _I.STORED: frozenset(),
        _I.REFUSED: frozenset(),
        _I.FAILED: frozenset(),
        _I.UNKNOWN: frozenset({_I.ACCEPTED, _I.READY, _I.STORED}),  # the answer came late
        _I.LOST: frozenset(),
    },
    DeliveryState: {
        _V.SCHEDULED: frozenset({_V.DISPATCHED, _V.CANCELLED, _V.MISSED, _V.SCHEDULED}),
        _V.DISPATCHED: frozenset({_V.PUBLISHING, _V.SCHEDULED, _V.CANCELLED, _V.FAILED}),
        _V.PUBLISHING: frozenset({_V.PUBLISHED, _V.SCHEDULED, _V.FAILED, _V.UNKNOWN}),
        _V.PUBLISHED: frozenset(),
        _V.FAILED: frozenset({_V.SCHEDULED, _V.CANCELLED}),
        _V.UNKNOWN: frozenset({_V.PUBLISHED, _V.SCHEDULED, _V.FAILED, _V.CANCELLED}),
        _V.CANCELLED: frozenset(),
        _V.MISSED: frozenset({_V.SCHEDULED, _V.CANCELLED}),
    },
}


class IllegalMove(DeskError):
    """That state cannot follow this one."""

    code = "illegal_move"


def check_move(before: StrEnum, after: StrEnum) -> None:
    """Raise `IllegalMove` unless `after` may follow `before`."""
    if after not in MOVES[type(before)][before]:
        raise IllegalMove(f"{type(before).__name__}: {before} -> {after}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Brand:
    """Whose posts these are."""

    id: int
    name: str
    zone: str
    language: str
    grid: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A person who may use the bot for a brand."""

    id: int
    brand_id: int
    user_id: int
    role: Role
    name: str
    language: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """What a person sent; `source_key` makes a repeated update harmless."""

    id: int
    brand_id: int
    text: str
    language: str
    author_id: int
    source_key: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One post in the making. `version` grows with every change of content."""

    id: int
    brand_id: int
    number: int
    topic_id: int
    author_id: int
    chat_id: int
    thread_id: int | None
    language: str
    theme: str
    theme_guessed: bool
    template_id: str
    subject: str
    unknown_words: tuple[str, ...]
    prompt: str
    prompt_edited: bool
    caption_edited: bool
    seed: int
    caption: str
    hashtags: tuple[str, ...]
    alt_text: str
    state: DraftState
    version: int
    image_id: int | None
    painting_id: int | None
    failure: str | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """One paid attempt to paint a draft (or a bare prompt, when `draft_id` is None)."""

    id: int
    draft_id: int | None
    state: ImageState
    provider: str
    model: str
    prompt: str
    width: int
    height: int
    output_format: str
    seed: int | None
    handle: Mapping[str, Any] | None
    result_url: str | None
    result_expires_at: datetime | None
    deadline_at: datetime
    fence: int
    owner: str | None
    lease_until: datetime | None
    cost_amount: float | None
    cost_unit: str
    cost_usd: float | None
    cost_basis: str
    path: str | None
    mime: str | None
    file_size: int | None
    real_width: int | None
    real_height: int | None
    file_id: str | None
    error_code: str | None
    error_text: str | None
    request_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """A channel we publish to; `address` is how its kind finds it (a chat id for Telegram)."""

    id: int
    brand_id: int
    kind: str
    address: str
    title: str
    username: str | None
    state: DestinationState
    problem: str | None
    added_by: int | None
    created_at: datetime
    checked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """An approved draft version with its time: instant, wall clock and zone as promised."""

    id: int
    brand_id: int
    draft_id: int
    draft_version: int
    due: datetime
    wall: str
    zone: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """That post at one destination: its own state, its own outcome."""

    id: int
    post_id: int
    draft_id: int
    destination_id: int
    ikey: str
    due: datetime
    state: DeliveryState
    fence: int
    owner: str | None
    lease_until: datetime | None
    attempts: int
    remote_id: str | None
    remote_url: str | None
    reason: str | None
    error_text: str | None
    updated_at: datetime

    @property
    def may_be_live(self) -> bool:
        """Whether people see it, or it is going out, or nobody can tell."""
        return self.state in _OUT_OR_MAYBE or self.reason == GIVEN_UP


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try of a delivery; written before any byte leaves."""

    id: int
    delivery_id: int
    fence: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    error_text: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """Something the people should see; shown at least once."""

    id: int
    brand_id: int
    kind: AnnouncementKind
    draft_id: int | None
    detail: Mapping[str, Any]
    attempts: int
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who does something: a person's id and name as shown to the others."""

    id: int
    name: str
