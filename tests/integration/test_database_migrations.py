"""Migrations: each once, all or none, and never by an older release."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from services.platform.database import Database, NewerSchemaError, migrate
from tests.support.databases import FreshDatabase

FIRST = "CREATE TABLE thing (id int); INSERT INTO thing VALUES (1);"
SECOND = "INSERT INTO thing SELECT id + 1 FROM thing;"

MakePackage = Callable[..., str]


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    opened = await Database.open(fresh_database("catalog"))
    yield opened
    await opened.close()


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePackage:
    """A package of its own with these migrations; another one of the same name is another release of it."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(*migrations: str) -> str:
        name = f"package_{uuid4().hex}"
        directory = tmp_path / name / "sql" / "migrations"
        directory.mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        for number, sql in enumerate(migrations, 1):
            (directory / f"{number:04}_step.sql").write_text(sql)
        return name

    return make


async def _things(database: Database) -> list[int]:
    async with database.transaction() as c:
        return [row["id"] for row in await c.fetch("SELECT id FROM thing ORDER BY id")]


async def test_each_migration_runs_once_in_its_order(database: Database, release: MakePackage) -> None:
    package = release(FIRST, SECOND)
    await migrate(database, package, "catalog")
    await migrate(database, package, "catalog")
    assert await _things(database) == [1, 2]


async def test_a_later_release_runs_only_what_is_new(database: Database, release: MakePackage, tmp_path: Path) -> None:
    package = release(FIRST)
    await migrate(database, package, "catalog")
    (tmp_path / package / "sql" / "migrations" / "0002_step.sql").write_text(SECOND)
    await migrate(database, package, "catalog")
    assert await _things(database) == [1, 2]


async def test_processes_that_start_together_migrate_once(fresh_database: FreshDatabase, release: MakePackage) -> None:
    package = release(FIRST, SECOND)
    databases = [await Database.open(fresh_database("catalog")) for _ in range(4)]
    await asyncio.gather(*(migrate(database, package, "catalog") for database in databases))
    assert await _things(databases[0]) == [1, 2]
    for database in databases:
        await database.close()


async def test_a_migration_that_fails_leaves_nothing_of_its_release(database: Database, release: MakePackage) -> None:
    package = release(FIRST, "SELECT nonsense")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(database, package, "catalog")
    with pytest.raises(asyncpg.UndefinedTableError):
        await _things(database)


async def test_an_older_release_refuses_a_newer_schema(
    database: Database, release: MakePackage, tmp_path: Path
) -> None:
    package = release(FIRST, SECOND)
    await migrate(database, package, "catalog")
    (tmp_path / package / "sql" / "migrations" / "0002_step.sql").unlink()
    with pytest.raises(NewerSchemaError, match="start the newer release"):
        await migrate(database, package, "catalog")


async def test_packages_share_a_schema_and_count_by_themselves(database: Database, release: MakePackage) -> None:
    await migrate(database, release(FIRST, SECOND), "catalog")
    await migrate(database, release("INSERT INTO thing VALUES (9)"), "catalog")
    assert await _things(database) == [1, 2, 9]


async def test_every_package_that_ships_migrations_applies_them_twice_without_harm(
    fresh_database: FreshDatabase,
) -> None:
    database = await Database.open(fresh_database("retention"))
    for package in ("services.platform.eventstore", "services.platform.jobs"):
        await migrate(database, package, "retention")
        await migrate(database, package, "retention")
    async with database.transaction() as c:
        tables = {
            row["tablename"] for row in await c.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'retention'")
        }
    assert {"event", "command_outcome", "stream_position", "consumer_offset", "parked_record", "job"} <= tables
    await database.close()
