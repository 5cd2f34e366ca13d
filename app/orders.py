"""What is asked of vendors and destinations, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Money of one picture: `amount` in the vendor's `unit`, `usd` where known.

    `basis` is reported, estimated or unknown.
    """

    amount: float | None
    unit: str
    usd: float | None
    basis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRequest:
    """What is asked of a provider; sizes in pixels, output_format png, jpeg or webp."""

    prompt: str
    width: int = 1024
    height: int = 1024
    output_format: str = "png"
    model: str | None = None
    seed: int | None = None
    safety_tolerance: int | None = None
    prompt_upsampling: bool | None = None
    references: tuple[str | bytes, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """What a provider would do with a request: size it paints, price, warnings."""

    width: int
    height: int
    cost: Cost
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class JobHandle:
    """Where a vendor's job is found again after a restart. Plain JSON, and no key in it."""

    provider: str
    model: str
    job_id: str
    poll_url: str | None = None
    cost: Cost | None = None
    request_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values only."""
        cost = self.cost
        return {
            "provider": self.provider,
            "model": self.model,
            "job_id": self.job_id,
            "poll_url": self.poll_url,
            "request_id": self.request_id,
            "cost": None
            if cost is None
            else {"amount": cost.amount, "unit": cost.unit, "usd": cost.usd, "basis": cost.basis},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobHandle:
        """The inverse of `to_json`."""
        cost = data.get("cost")
        return cls(**{**data, "cost": Cost(**cost) if cost else None})


class JobState(StrEnum):
    """A vendor's answer in our words."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MODERATED_INPUT = "moderated_input"
    MODERATED_OUTPUT = "moderated_output"
    CANCELED = "canceled"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStatus:
    """One answer about a job. `output` is a URL to fetch, or the picture itself as bytes.

    `raw_status` is the vendor's own word; `progress` is 0..1 or None; `retry_after` is seconds.
    """

    state: JobState
    raw_status: str
    output: str | bytes | None = None
    progress: float | None = None
    reasons: tuple[str, ...] = ()
    cost: Cost | None = None
    seed: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureFile:
    """A picture as it lies on the disk; sizes in pixels and bytes."""

    path: str
    mime: str
    width: int
    height: int
    file_size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingPost:
    """What a publisher sends; `cached_id` is the destination's own name for the picture."""

    text: str
    picture: PictureFile
    alt_text: str
    cached_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A destination's word that the post is live."""

    remote_id: str
    url: str | None = None
    cached_id: str | None = None
