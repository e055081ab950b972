"""What the tests of backups share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.objectstore import DirectoryObjectStore
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from services.platform.repository import RepositoryV2
from tests.support.app_databases import app_database
from tests.support.buckets import fresh_prefix
from tests.support.capturing import Place
from tests.support.databases import FreshDatabase
from tests.support.running_services import Platform, open_platform
from tests.support.snapshotting import Snapshots, open_snapshots


@pytest.fixture
def place(postgres: PostgresSettings, tmp_path: Path) -> Iterator[Place]:
    """An environment whose rows name documents, and its empty repository."""
    documents = tmp_path / "documents"
    documents.mkdir()
    repository = RepositoryV2(DirectoryObjectStore(tmp_path / "store"), bytes(32)).of(uuid4())
    with app_database(postgres) as database:
        database.run("CREATE TABLE document (id uuid PRIMARY KEY, size bigint)")
        yield Place(database, documents, repository)


@pytest.fixture
async def store(s3: S3Settings) -> AsyncIterator[tuple[S3Settings, S3ObjectStore]]:
    """An empty prefix of a bucket."""
    async with fresh_prefix(s3) as opened:
        yield opened


@pytest.fixture
async def snapshots(
    kafka_settings: KafkaSettings,
    fresh_database: FreshDatabase,
    store: tuple[S3Settings, S3ObjectStore],
    tmp_path: Path,
) -> AsyncIterator[Snapshots]:
    """The service's surroundings."""
    directory = tmp_path / "service"
    directory.mkdir()
    async with open_snapshots(kafka_settings, fresh_database("snapshot"), store[0], directory) as opened:
        yield opened


@pytest.fixture
async def platform(
    kafka_settings: KafkaSettings,
    fresh_database: FreshDatabase,
    store: tuple[S3Settings, S3ObjectStore],
    tmp_path: Path,
) -> AsyncIterator[Platform]:
    """A place where the snapshot service can run as real processes."""
    directory = tmp_path / "platform"
    directory.mkdir()
    async with open_platform(kafka_settings, fresh_database, store[0], directory) as opened:
        yield opened


@pytest.fixture
async def told(platform: Platform) -> AsyncIterator[Snapshots]:
    """What others tell those processes, and what they answer."""
    settings = platform.database("snapshot")
    async with open_snapshots(platform.kafka, settings, platform.s3, platform.directory) as opened:
        yield opened
