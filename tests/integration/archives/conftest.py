"""One catalog and one gateway with a store for all tests of this package: each test works on backups of its own."""

from collections.abc import AsyncIterator

import pytest

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.buckets import fresh_prefix
from tests.support.downloading import Shelf, open_shelf
from tests.support.gateway import open_api


@pytest.fixture(scope="package")
async def shelf(
    kafka: KafkaSettings, postgres: PostgresSettings, s3: S3Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shelf]:
    """The gateway, reached as callers reach it, and what it reads."""
    async with (
        fresh_prefix(s3) as (settings, _),
        open_api(kafka, postgres, tmp_path_factory.mktemp("archives"), settings) as api,
        open_shelf(api) as opened,
    ):
        yield opened
