"""What the tests of restoring start from."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
from tests.support.databases import FreshDatabase
from tests.support.restore_stage import RestoreStage
from tests.support.rich_schema import fill


@pytest.fixture
def source(postgres: PostgresSettings) -> Iterator[AppDatabase]:
    with app_database(postgres) as database:
        fill(database)
        yield database


@pytest.fixture
def destination(postgres: PostgresSettings) -> Iterator[AppDatabase]:
    with app_database(postgres) as database:
        database.run("CREATE TABLE before (id int)", "INSERT INTO before VALUES (1)")
        yield database


@pytest.fixture
async def stage(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[RestoreStage]:
    """The restore service, without Kafka."""
    async with RestoreStage.open(fresh_database("restore"), tmp_path) as opened:
        yield opened


@pytest.fixture
def small(postgres: PostgresSettings) -> Iterator[AppDatabase]:
    """An app with a table of a hundred rows."""
    with app_database(postgres) as database:
        database.run("CREATE TABLE customer (id int PRIMARY KEY, name text)")
        database.run("INSERT INTO customer SELECT i, 'Kunde ' || i FROM generate_series(1, 100) AS i")
        yield database
