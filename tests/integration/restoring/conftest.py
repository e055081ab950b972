"""What the tests of restoring start from."""

from collections.abc import Iterator

import pytest

from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
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
