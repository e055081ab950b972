"""What the tests of nights share: one stage for a module, whose clock goes on; each test has its own places."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase
from tests.support.nights import Stage, open_stage


@pytest.fixture(scope="module")
async def module_stage(
    kafka: KafkaSettings, module_database: FreshDatabase, s3: S3Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A catalog and the surroundings of a snapshot service that does not run yet."""
    topics = kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})
    directory = Path(tmp_path_factory.mktemp("nights"))
    async with fresh_prefix(s3) as (store, _), open_stage(topics, module_database, store, directory) as opened:
        yield opened


@pytest.fixture
async def quiet_stage(module_stage: Stage) -> AsyncIterator[Stage]:
    """The module's stage, with no places of earlier tests; the snapshot service runs when a test says so."""
    yield module_stage
    await module_stage.clear()


@pytest.fixture(scope="module")
async def running_stage(module_stage: Stage) -> AsyncIterator[Stage]:
    """The module's stage with a snapshot service that runs all the time."""
    async with module_stage.running():
        yield module_stage


@pytest.fixture
async def stage(running_stage: Stage) -> AsyncIterator[Stage]:
    """The module's running stage, with no places of earlier tests."""
    yield running_stage
    await running_stage.clear()
