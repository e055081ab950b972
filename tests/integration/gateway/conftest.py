"""One catalog and one gateway for all tests of this package: each test works on apps of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.gateway import Api, open_api, second_gateway


@pytest.fixture(scope="package")
async def api(
    kafka: KafkaSettings, postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """The gateway, reached as callers reach it."""
    async with open_api(kafka, postgres, tmp_path_factory.mktemp("gateway")) as api:
        yield api


@pytest.fixture
async def hasty(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a second gateway, which waits for the read model as long as it does by default."""
    async with second_gateway(api) as other, other.connect(api.key) as client:
        yield client
