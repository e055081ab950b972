"""What tests of whole systems stand on."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.platform.process.settings import KafkaSettings, S3Settings
from tests.soak.engines import Engines
from tests.soak.shake import fragile_world
from tests.soak.world import World, open_world
from tests.support.databases import FreshDatabase


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests together may take longest: else all wait at the end for one of them.

    A worker is given files until it has three tests before it, so what comes behind a long one waits for that.
    """
    at_most = Counter[Path]()
    for item in items:
        at_most[item.path] += _timeout_seconds(item)
    items.sort(key=lambda item: at_most[item.path], reverse=True)


def _timeout_seconds(item: pytest.Item) -> int:
    own = item.get_closest_marker("timeout")
    return int(own.args[0] if own else item.config.getini("timeout"))


@pytest.fixture
async def world(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, s3: S3Settings, tmp_path: Path
) -> AsyncIterator[World]:
    """All services, for callers and their faults."""
    async with open_world(kafka_settings, fresh_database, s3, tmp_path) as opened:
        yield opened


@pytest.fixture
async def fragile() -> AsyncIterator[tuple[World, Engines]]:
    """The same on engines of its own, which a test may freeze and kill."""
    async with fragile_world() as opened:
        yield opened
