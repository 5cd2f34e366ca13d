"""Bringing a database to the schema this release needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from app.errors import StorageError
from app.storage.database import Database
from app.storage.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(database: Database) -> None:
    """Create or upgrade the schema in one transaction; nothing to do costs one query.

    Raises `StorageError` when the database was made by a newer release.
    """
    async with database.read() as tx:
        current = await tx.connection.run_sync(_revision)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise StorageError(
            f"The database is of a newer release (schema {current}, this one knows {HEAD})."
        )
    async with database.write() as tx:
        await tx.connection.run_sync(_upgrade)


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without a file."""
    # Alembic costs a tenth of a second of every start and is needed once a release.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: Any = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(version) if version else None


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), "head")
