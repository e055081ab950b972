"""One catalog and one gateway with a store for all tests of this package: each sends files of its own."""

from collections.abc import AsyncIterator

import pytest

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.buckets import fresh_prefix
from tests.support.full_store import FullStore, before
from tests.support.gateway import open_api
from tests.support.sending import PART_BYTES, Sending, open_sending


@pytest.fixture(scope="package")
async def full_store(s3: S3Settings) -> AsyncIterator[FullStore]:
    """The store of that gateway; it has room unless a test says otherwise."""
    async with fresh_prefix(s3) as (settings, _), before(settings) as opened:
        yield opened


@pytest.fixture(scope="package")
async def sending(
    kafka: KafkaSettings, postgres: PostgresSettings, full_store: FullStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Sending]:
    """The gateway, reached as callers reach it, and what it keeps."""
    part = {"NIGHTKEEP_GATEWAY__PARCEL_PART_BYTES": str(PART_BYTES)}
    async with (
        open_api(kafka, postgres, tmp_path_factory.mktemp("uploads"), full_store.settings, **part) as api,
        open_sending(api) as opened,
    ):
        yield opened
