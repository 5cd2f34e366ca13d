"""What the services ask of the world. Each port is implemented by one file per technology."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from app.models import Destination
from app.orders import ImageRequest, JobHandle, JobStatus, OutgoingPost, Quote, Receipt
from app.transactions import Transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What one provider can do with one model; checked before money is spent."""

    sync: bool
    cancel: bool
    webhook: bool
    credits: bool
    idempotent: bool
    reports_cost: bool
    references_max: int
    size_step: int
    min_side: int
    max_side: int
    max_pixels: int
    formats: tuple[str, ...]
    prompt_max: int
    concurrency: int
    poll_floor: float
    result_minutes: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What is left at a vendor, in its own unit."""

    amount: float
    unit: str
    usd: float | None = None


class ImageProvider(Protocol):
    """A vendor of pictures. Raises `ImageError` and nothing else; opens no client of its own."""

    name: str
    default_model: str
    #: hosts ("name" or "name:port") whose result URLs may be http or private: somebody set them
    trusted_hosts: frozenset[str]

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do here. `ImageInvalid` for a model this provider does not have."""

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted (at or above the asked one), its price; or `ImageInvalid`."""

    async def submit(self, request: ImageRequest, *, key: str) -> JobHandle | JobStatus:
        """Order the picture: a handle, or at once the final status of a synchronous vendor.

        `key` is the idempotency key for vendors that take one. An answer that never came is
        `ImageSubmitUnknown`.
        """

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Ask once. A `retryable` `ImageError` is a transient fault: the job may well go on."""

    async def cancel(self, handle: JobHandle) -> bool:
        """Whether the vendor stopped the job; False where it cannot."""

    async def credits(self) -> Balance | None:
        """What is left; None where the vendor does not tell."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The id of the job a verified webhook speaks of; None when it is not to be trusted."""


class Publisher(Protocol):
    """One kind of destination."""

    kind: str
    #: how a second copy is avoided after an unknown outcome
    dedupe: Literal["key", "verify", "none"]
    #: the longest text in UTF-16 units
    text_limit: int

    async def ready(self, destination: Destination) -> None:
        """Return when one post may be sent there, however long that takes; `publish` never waits.

        A cancelled wait costs nothing.
        """

    async def preflight(self, destination: Destination) -> None:
        """Raise `PublishRejected` when a post would be refused now (rights, token, quota)."""

    async def publish(self, destination: Destination, post: OutgoingPost, *, key: str) -> Receipt:
        """Post it. `PublishRejected` = certainly not posted; `PublishUnknown` = may be live."""

    async def find(self, destination: Destination, *, key: str, since: datetime) -> Receipt | None:
        """Look for a post whose outcome is unknown; None where it is absent or nobody can look."""

    async def delete(self, destination: Destination, remote_id: str) -> bool:
        """Take a post back; False where that is impossible."""


class Clock(Protocol):
    """Time as the services see it."""

    def now(self) -> datetime:
        """The present instant in UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump, for deadlines."""

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass."""


class Store(Protocol):
    """The truth. Raises `StorageBusy`, `StorageFull`, `StorageError`."""

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A consistent view; writes are refused."""

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction with the write lock from its start; it commits when left without error."""


Run = Callable[[int], Awaitable[None]]


class Jobs(Protocol):
    """At-least-once "run this id soon, somewhere", and an alarm clock."""

    def handle(self, task: str, run: Run) -> None:
        """Name the function that does `task`."""

    async def submit(self, tx: Transaction, task: str, ids: Collection[int]) -> None:
        """Run `task` for each id once the transaction is committed."""

    def on_wake(self, run: Callable[[], Awaitable[None]]) -> None:
        """Name the function that the alarm calls."""

    def wake_at(self, due: datetime | None) -> None:
        """Ring at `due` (None: not at all); replaces the earlier alarm."""

    def every(self, seconds: float, run: Callable[[], Awaitable[None]]) -> None:
        """Call `run` again and again, never twice at once."""

    def start(self) -> None:
        """Begin to run jobs and to keep time."""

    async def stop(self, *, grace: float) -> None:
        """Take nothing new, give running jobs `grace` seconds, then cancel what is left."""
