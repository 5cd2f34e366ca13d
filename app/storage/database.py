"""The database: engines, transactions, and the translation of its errors into ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app import chat, models
from app.errors import StorageBusy, StorageError, StorageFull
from app.storage import tables
from app.storage.chats import (
    AnnouncementRows,
    CardRows,
    InboxRows,
    NoteRows,
    QuestionRows,
    StrangerRows,
)
from app.storage.drafts import BrandRows, DraftRows, MemberRows, TopicRows
from app.storage.images import ImageRows, PaceRows
from app.storage.posts import AttemptRows, DeliveryRows, DestinationRows, PostRows

BUSY_SECONDS = 10


class SqlTransaction:
    """One transaction and the rows it reaches."""

    def __init__(self, connection: AsyncConnection) -> None:
        """`connection` has begun already."""
        self.connection = connection
        self.brands = BrandRows(connection, models.Brand)
        self.members = MemberRows(connection, models.Member)
        self.topics = TopicRows(connection, models.Topic)
        self.drafts = DraftRows(connection, models.Draft)
        self.images = ImageRows(connection, models.Image)
        self.paces = PaceRows(connection)
        self.posts = PostRows(connection, models.Post)
        self.deliveries = DeliveryRows(connection, models.Delivery)
        self.attempts = AttemptRows(connection, models.Attempt)
        self.destinations = DestinationRows(connection, models.Destination)
        self.announcements = AnnouncementRows(connection, models.Announcement)
        self.cards = CardRows(connection, chat.Card)
        self.questions = QuestionRows(connection, chat.Question)
        self.inbox = InboxRows(connection)
        self.strangers = StrangerRows(connection)
        self.notes = NoteRows(connection)
        self.actions: list[Callable[[], None]] = []

    async def audit(
        self, *, brand_id: int, actor: str, action: str, draft_id: int | None, **detail: Any
    ) -> None:
        """Append to the log of who did what."""
        row = {"brand_id": brand_id, "actor": actor, "action": action, "draft_id": draft_id}
        now = datetime.now(UTC)
        await self.connection.execute(tables.audit.insert().values(**row, at=now, detail=detail))

    def after(self, action: Callable[[], None]) -> None:
        """Run `action` once the transaction is committed."""
        self.actions.append(action)


class Database:
    """The store. SQLite has one writer connection, so writers queue here and not in the file."""

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        """`url` such as `sqlite+aiosqlite:///path`; nothing is opened yet.

        Who waits longer than `busy_seconds` for somebody else gets `StorageBusy`.
        """
        self.url = make_url(url)
        self._writer = _engine(
            self.url, begin="BEGIN IMMEDIATE", pool_size=1, busy_seconds=busy_seconds
        )
        self._reader = _engine(
            self.url, begin="BEGIN", pool_size=4, busy_seconds=busy_seconds, read_only=True
        )

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlTransaction]:
        """Commit when left without error; the after-commit actions follow."""
        with _translated():
            async with _begun(self._writer) as connection:
                tx = SqlTransaction(connection)
                yield tx
        for action in tx.actions:
            action()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlTransaction]:
        """A consistent view; writes are refused."""
        with _translated():
            async with _begun(self._reader) as connection:
                yield SqlTransaction(connection)

    async def close(self) -> None:
        """Give all connections back."""
        await self._writer.dispose()
        await self._reader.dispose()


class _SteadyConnection(AsyncConnection):
    """Lets a cancelled task go only between statements.

    SQLAlchemy throws a connection away that is cancelled within one, and SQLite keeps the
    transaction of a closed connection open, and the file locked, while a cursor is left.
    """

    async def start(self, is_ctxmanager: bool = False) -> Any:
        return await _unbroken(super().start(is_ctxmanager))

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        return await _unbroken(super().execute(*args, **kwargs))

    async def run_sync(self, *args: Any, **kwargs: Any) -> Any:
        return await _unbroken(super().run_sync(*args, **kwargs))


class _SteadyEngine(AsyncEngine):
    _connection_cls = _SteadyConnection


@asynccontextmanager
async def _begun(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that a cancelled task cannot leave half-done on a pooled connection."""
    connection = engine.connect()
    try:
        await connection.start()
        transaction = connection.begin()
        await _unbroken(transaction.start())
        try:
            yield connection
        except BaseException:
            await _unbroken(transaction.rollback())
            raise
        await _unbroken(transaction.commit())
    finally:
        if connection.sync_connection is not None:
            await _unbroken(connection.close())


async def _unbroken(work: Coroutine[Any, Any, Any]) -> Any:
    """Finish `work` even when this task is cancelled meanwhile, then be cancelled."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()


def _engine(
    url: URL, *, begin: str, pool_size: int, busy_seconds: float, read_only: bool = False
) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return _SteadyEngine(create_async_engine(url, pool_size=pool_size).sync_engine)
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=busy_seconds,
        connect_args={"isolation_level": None, "timeout": busy_seconds},
    )

    # First of all: what SQLAlchemy itself asks a new connection may fail, and leak it, too.
    @event.listens_for(engine.sync_engine, "connect", insert=True)
    def _prepare(connection: Any, _record: Any) -> None:
        try:
            _set_pragmas(connection, busy_seconds=busy_seconds, read_only=read_only)
        except Exception:
            # SQLAlchemy would drop it unclosed, and aiosqlite keep a thread for it.
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return _SteadyEngine(engine.sync_engine)


def _set_pragmas(connection: Any, *, busy_seconds: float, read_only: bool) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={round(busy_seconds * 1000)}",
        "foreign_keys=ON",
        f"query_only={int(read_only)}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@contextmanager
def _translated() -> Iterator[None]:
    """Driver errors as ours, the cause kept."""
    try:
        yield
    except PoolTimeout as error:
        raise StorageBusy from error
    except DBAPIError as error:
        words = str(error.orig).lower()
        if "locked" in words or "busy" in words:
            raise StorageBusy from error
        if "full" in words:
            raise StorageFull from error
        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            raise StorageError(str(error.orig)) from error
        raise
