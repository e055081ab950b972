"""Wrapped keys never lie where a destroyed one would live on, and may lie in a bucket of their own."""

from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.platform.objectstore import S3ObjectStore, UnsafeStoreError
from services.platform.process.ids import random_id
from services.platform.process.settings import RepositorySettings, S3Settings
from services.platform.repository import open_bucket, open_bucket_unseen
from services.platform.repository.errors import RepositoryKeyError
from services.platform.repository.layout import KEYS
from tests.suites.object_store import listed
from tests.support.buckets import fresh_prefix
from tests.support.stored_backups import place_of, store_backup

KEY = RepositorySettings(key=SecretStr("ab" * 32))


async def test_a_bucket_that_keeps_old_versions_is_refused_for_wraps_and_taken_for_packs(s3: S3Settings) -> None:
    versioned = s3.model_copy(update={"bucket": f"versioned-{uuid4().hex}"})
    async with S3ObjectStore.open(versioned) as store:
        await store.create_bucket(versioned.region)
        asked = {"Bucket": versioned.bucket, "VersioningConfiguration": {"Status": "Enabled"}}
        await store._client.put_bucket_versioning(**asked)  # noqa: SLF001 -- nothing else asks for it
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
