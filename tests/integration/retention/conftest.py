"""What the tests of retention share."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.messaging.topics import ensure_topics
from services.platform.objectstore import DirectoryObjectStore
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support.databases import FreshDatabase
from tests.support.retaining import Retaining, open_retaining
from tests.support.sweeping import Sweeps, open_sweeps


@pytest.fixture
async def sweeps(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Sweeps]:
    """Sweeps, and a catalog that the test plays."""
    async with open_sweeps(fresh_database("retention"), DirectoryObjectStore(tmp_path / "store")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def place(
    kafka: KafkaSettings,
    s3: S3Settings,
    module_database: FreshDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Retaining]:
    """Where services may run; tests keep apart by apps and environments of their own, and time goes on."""
    topics = kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})
    await ensure_topics(topics)
    directory = Path(tmp_path_factory.mktemp("retention"))
    async with open_retaining(topics, module_database, s3, directory) as opened:
        async with opened.running():
            pass  # it has made its tables
        yield opened


@pytest.fixture(scope="module")
async def retaining(place: Retaining) -> Retaining:
    """A real catalog and the real retention service."""
    await place.platform.start("catalog", "retention")
    return place
