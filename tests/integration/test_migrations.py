"""The schema: migrated and declared agree, old files are brought up, newer ones refused."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.errors import StorageError
from app.storage.database import Database
from app.storage.migrations import HEAD
from app.storage.schema import alembic_config, migrate
from app.storage.tables import metadata

ROOT = Path(__file__).resolve().parents[2]


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[object] = compare_metadata(context, metadata)
    return found


async def test_a_migrated_database_is_exactly_what_the_tables_declare(store: Database) -> None:
    async with store.write() as tx:
        assert await tx.connection.run_sync(differences) == []


async def test_a_table_that_no_migration_made_would_be_noticed(store: Database) -> None:
    async with store.write() as tx:
        await tx.connection.execute(text("CREATE TABLE stray (id INTEGER)"))
        assert len(await tx.connection.run_sync(differences)) == 1


async def test_partial_indexes_are_the_declared_ones(store: Database, tmp_path: Path) -> None:
    """Alembic does not compare their conditions, so their text is compared here."""
    fresh = Database(f"sqlite+aiosqlite:///{tmp_path / 'fresh.db'}")
    query = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql > '' ORDER BY name")
    async with fresh.write() as tx:
        await tx.connection.run_sync(metadata.create_all)
        declared = (await tx.connection.execute(query)).scalars().all()
    async with store.read() as tx:
        migrated = (await tx.connection.execute(query)).scalars().all()
    await fresh.close()
    assert migrated == declared


def test_the_constant_names_alembics_newest_revision() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


async def test_a_second_migration_changes_nothing(store: Database) -> None:
    async with store.read() as tx:
        before = (await tx.connection.execute(text("PRAGMA schema_version"))).scalar()
    await migrate(store)
    async with store.read() as tx:
        after = (await tx.connection.execute(text("PRAGMA schema_version"))).scalar()
    assert after == before


async def test_a_database_of_a_newer_release_is_left_alone(store: Database) -> None:
    async with store.write() as tx:
        await tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match=r"newer release \(schema 9999"):
        await migrate(store)


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """DDL is part of the transaction: a table that is in the way undoes the others."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    async with database.write() as tx:
        await tx.connection.execute(text("CREATE TABLE topic (nonsense TEXT)"))
    with pytest.raises(StorageError):
        await migrate(database)
    async with database.read() as tx:
        names = await tx.connection.execute(text("SELECT name FROM sqlite_master"))
        assert names.scalars().all() == ["topic"]
    await database.close()


async def test_processes_that_meet_at_a_fresh_file_all_open_it(tmp_path: Path) -> None:
    """One of them migrates, the others wait for it; nobody fails."""
    program = (
        "import asyncio, sys\n"
        "from app.storage.database import Database\n"
        "from app.storage.schema import migrate\n"
        "async def main():\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    database = Database(sys.argv[1])\n"
        "    await migrate(database)\n"
        "    async with database.write() as tx:\n"
        "        await tx.notes.put(sys.argv[2], 'was here')\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    url = f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, url, f"p{number}",
            cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe,
        )
        for number in range(3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0], ends
    database = Database(url)
    async with database.read() as tx:
        assert [await tx.notes.get(f"p{n}") for n in range(3)] == ["was here"] * 3
    await database.close()
