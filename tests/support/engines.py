"""The fixtures that give a test real, running servers: each starts when the first test asks for it.

`kafka`, `postgres`, `postgres17_tls`, `s3` are servers of the whole run, as settings. `kafka_settings` (topic names of
its own), `fresh_database`, `fresh_bucket` are a test's own place on them; `module_database` is a module's.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.databases import FreshDatabase, make_template
from tests.support.in_a_thread import wait_for
from tests.support.local_engines import local_kafka, local_postgres, local_s3
from tests.support.settings import EngineSettings
from tests.support.tls_engines import local_postgres17_tls


@pytest.fixture(scope="session")
def engine_settings() -> EngineSettings:
    """What the environment says about servers for tests."""
    return EngineSettings()


@pytest.fixture(scope="session")
def kafka(engine_settings: EngineSettings) -> Iterator[KafkaSettings]:
    """A Kafka broker."""
    if engine_settings.kafka:
        yield engine_settings.kafka
        return
    with _containers().container_kafka() if engine_settings.engines == "containers" else local_kafka() as settings:
        yield settings


@pytest.fixture(scope="session")
def postgres(engine_settings: EngineSettings) -> Iterator[PostgresSettings]:
    """PostgreSQL 18, as superuser in the database `postgres`."""
    if engine_settings.postgres:
        if not engine_settings.template_is_made:
            make_template(engine_settings.postgres)
        yield engine_settings.postgres
        return
    containers = engine_settings.engines == "containers"
    with _containers().container_postgres() if containers else local_postgres() as settings:
        make_template(settings)
        yield settings


@pytest.fixture(scope="session")
def postgres17_tls(engine_settings: EngineSettings) -> Iterator[PostgresSettings]:
    """PostgreSQL 17 with TLS, as superuser. No image of the compose file is one: it comes from its wheel always."""
    if engine_settings.postgres17_tls:
        yield engine_settings.postgres17_tls
        return
    with local_postgres17_tls() as settings:
        yield settings


@pytest.fixture(scope="session")
def s3(engine_settings: EngineSettings) -> Iterator[S3Settings]:
    """An S3 server; `fresh_bucket` is a bucket on it."""
    if engine_settings.s3:
        yield engine_settings.s3
        return
    with _containers().container_s3() if engine_settings.engines == "containers" else local_s3() as settings:
        yield settings


@pytest.fixture
def kafka_settings(kafka: KafkaSettings) -> KafkaSettings:
    """The broker, with a prefix for topics that no other test has."""
    return kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})


@pytest.fixture
def fresh_database(postgres: PostgresSettings) -> Iterator[FreshDatabase]:
    """A database of this test; call it with a service's name to get that service's settings."""
    database = FreshDatabase(postgres)
    yield database
    database.drop()


@pytest.fixture(scope="module")
def module_database(postgres: PostgresSettings) -> Iterator[FreshDatabase]:
    """A database for all tests of a module."""
    database = FreshDatabase(postgres)
    yield database
    database.drop()


@pytest.fixture
def fresh_bucket(s3: S3Settings) -> S3Settings:
    """A new, empty bucket."""
    settings = s3.model_copy(update={"bucket": f"test-{uuid4().hex}"})
    wait_for(_create_bucket(settings))
    return settings


async def _create_bucket(settings: S3Settings) -> None:
    async with S3ObjectStore.open(settings) as store:
        await store.create_bucket(settings.region)


def _containers() -> Any:  # noqa: ANN401 -- a module
    """The container engines, imported only where they are asked for: importing them looks for Docker."""
    import tests.support.container_engines as containers  # noqa: PLC0415 -- see above

    return containers
