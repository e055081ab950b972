"""A follower for each test."""

from collections.abc import AsyncIterator

import pytest

from services.platform.process.settings import KafkaSettings
from tests.support.databases import FreshDatabase
from tests.support.following import Followed, open_followed


@pytest.fixture
async def followed(kafka_settings: KafkaSettings, fresh_database: FreshDatabase) -> AsyncIterator[Followed]:
    """What a follower did."""
    async with open_followed(kafka_settings, fresh_database) as opened:
        yield opened
