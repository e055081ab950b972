"""A catalog as a real process, and a script that talks to it over Kafka alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.process.settings import KafkaSettings
from tests.support.databases import FreshDatabase
from tests.support.moved_clock import MovedBy
from tests.support.read_models import Reading, open_reading
from tests.support.running_services import Platform, open_catalog
from tests.support.script import Script, open_script
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> MovedBy:
    """The business clock of the module's catalog, which runs as the machine's until a test moves it."""
    moved = MovedBy(Path(tmp_path_factory.mktemp("clock")) / "moved-by")
    moved.to(datetime.now(UTC))
    return moved


@pytest.fixture(scope="module")
async def catalog(
    kafka: KafkaSettings, module_database: FreshDatabase, clock: MovedBy, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Platform]:
    """A platform of which the catalog alone runs; tests keep apart by apps of their own."""
    topics = kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})
    directory = Path(tmp_path_factory.mktemp("catalog"))
    moved = {"NIGHTKEEP_CLOCK__MOVED_BY_FILE": str(clock.path)}
    async with open_catalog(topics, module_database, directory, **moved) as platform:
        yield platform


@pytest.fixture
async def script(catalog: Platform) -> AsyncIterator[Script]:
    """A script with nothing but a Kafka client."""
    async with open_script(catalog.kafka) as opened:
        yield opened


@pytest.fixture
async def shop(script: Script) -> Shop:
    """A registered app of the test's own."""
    shop = Shop(script)
    await shop.register()
    return shop


@pytest.fixture
async def reading(kafka_settings: KafkaSettings, fresh_database: FreshDatabase) -> AsyncIterator[Reading]:
    """A read model of the test's own, without a catalog."""
    async with open_reading(kafka_settings, fresh_database("catalog")) as opened:
        yield opened
