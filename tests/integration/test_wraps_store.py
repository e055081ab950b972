"""Wrapped keys never lie where a destroyed one would live on, and may lie in a bucket of their own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.platform.objectstore import UnsafeStoreError
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.parcels import Parcels
from services.platform.process.ids import random_id
from services.platform.process.service import DIED
from services.platform.process.settings import KafkaSettings, RepositorySettings, S3Settings
from services.platform.repository.errors import RepositoryKeyError
from services.platform.repository.layout import KEYS
from services.platform.repository.opening import open_bucket, open_bucket_unseen
from services.platform.repository.wrapping import master_id
from services.platform.repository.wraps import Wraps
from tests.suites.object_store import listed
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase
from tests.support.running_services import open_platform
from tests.support.stored_backups import place_of, store_backup

KEY = RepositorySettings(key=SecretStr("ab" * 32))


@pytest.fixture
async def versioned(s3: S3Settings) -> S3Settings:
    settings = s3.model_copy(update={"bucket": f"versioned-{uuid4().hex}"})
    async with S3ObjectStore.open(settings) as store:
        await store.create_bucket(settings.region)
        asked = {"Bucket": settings.bucket, "VersioningConfiguration": {"Status": "Enabled"}}
        await store._client.put_bucket_versioning(**asked)  # noqa: SLF001 -- nothing else asks for it
    return settings


async def test_a_bucket_that_keeps_old_versions_is_refused_for_wraps_and_taken_for_packs(
    s3: S3Settings, versioned: S3Settings
) -> None:
    with pytest.raises(UnsafeStoreError, match="NIGHTKEEP_WRAPS__BUCKET"):
        async with open_bucket(versioned, KEY, None, random_id):
            pass
    async with fresh_prefix(s3) as (wraps, beside):
        document, environment_id = place_of(uuid4()), uuid4()
        async with open_bucket(versioned, KEY, wraps, random_id) as bucket:
            whole = await store_backup(bucket.repository().of(environment_id), {document: b"a document"})
        assert await listed(beside, "") == [f"{KEYS}{environment_id}/0"]
        async with open_bucket_unseen(versioned, KEY, wraps) as bucket:
            assert await bucket.repository().of(environment_id).read_manifest(whole.backup_id) == whole


async def test_who_opened_such_a_bucket_unseen_writes_no_wrap_there(versioned: S3Settings) -> None:
    environment_id = uuid4()
    async with open_bucket_unseen(versioned, KEY, None) as bucket:
        wraps = bucket.wraps
        parcels = Parcels(bucket.store, wraps, random_id)
        for refused in (
            parcels.put(environment_id, uuid4(), 0, b"a part"),
            wraps.add(environment_id),
            wraps.rewrap(environment_id, wraps.master),
            wraps.destroy(environment_id, range(1), datetime.now(UTC)),
        ):
            with pytest.raises(UnsafeStoreError, match="NIGHTKEEP_WRAPS__BUCKET"):
                await refused
        assert await listed(bucket.store, "") == []


async def test_another_master_key_opens_no_repository(s3: S3Settings, tmp_path: Path) -> None:
    async with fresh_prefix(s3) as (settings, _):
        async with open_bucket(settings, KEY, None, random_id) as bucket:
            await store_backup(bucket.repository().of(uuid4()), {})
        other = tmp_path / "other.key"
        other.write_text("cd" * 32)
        other.chmod(0o600)
        with pytest.raises(RepositoryKeyError, match="are wrapped by the master key"):
            async with open_bucket(settings, RepositorySettings(key_file=other), None, random_id):
                pass


async def test_a_service_does_not_start_upon_keys_of_another_master_key_and_names_both(
    s3: S3Settings, kafka_settings: KafkaSettings, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with (
        fresh_prefix(s3) as (settings, store),
        open_platform(kafka_settings, fresh_database, settings, tmp_path) as platform,
    ):
        there = bytes(32)
        await Wraps(store, there).add(uuid4())
        platform.launch("snapshot")
        service = platform.services["snapshot"]
        assert await asyncio.to_thread(service.process.wait, 60) == DIED
        ours = bytes.fromhex((platform.directory / "repository.key").read_text())
        named = f"wrapped by the master key {master_id(there)}, ours is {master_id(ours)}"
        assert named in " ".join(service.log.read_text().split())
