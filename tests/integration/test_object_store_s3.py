"""The object store on a real S3 server, with both ways to send checksums."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from contracts.errors import FailureCode
from services.platform.objectstore import (
    ObjectStore,
    S3ObjectStore,
    StoreRefusedError,
    StoreUnavailableError,
)
from services.platform.process.settings import S3Settings
from tests.suites.erasing import ErasureBehaviour
from tests.suites.object_store import MEBIBYTE, ObjectStoreBehaviour, listed, pieces
from tests.suites.reclaim import ReclaimBehaviour
from tests.suites.repository import RepositoryBehaviour
from tests.suites.shredding import ShreddingBehaviour
from tests.support.buckets import fresh_prefix
from tests.support.full_store import before


class TestS3ObjectStore(ObjectStoreBehaviour):
    @pytest.fixture(params=["when_required", "when_supported"])
    async def store(self, s3: S3Settings, request: pytest.FixtureRequest) -> AsyncIterator[ObjectStore]:
        async with fresh_prefix(s3, checksums=request.param) as (_, store):
            yield store


class TestRepositoryOnS3(RepositoryBehaviour, ReclaimBehaviour, ErasureBehaviour, ShreddingBehaviour):
    @pytest.fixture
    async def store(self, s3: S3Settings) -> AsyncIterator[ObjectStore]:
        async with fresh_prefix(s3) as (_, store):
            yield store


async def test_a_copy_larger_than_one_request_is_made_in_parts(s3: S3Settings) -> None:
    data = bytes(range(256)) * (4096 * 13)
    async with fresh_prefix(s3) as (settings, _), S3ObjectStore.open(settings, single_copy_bytes=5 * MEBIBYTE) as store:
        await store.put_stream("from", pieces(data))
        await store.copy("from", "to")
        assert await store.get("to") == data


async def test_what_was_put_below_one_prefix_is_not_seen_below_another(s3: S3Settings) -> None:
    async with fresh_prefix(s3) as (_, one), fresh_prefix(s3) as (_, other):
        await one.put("k", b"x")
        assert await listed(other, "") == []


async def test_a_bucket_is_made_once(s3: S3Settings) -> None:
    async with S3ObjectStore.open(s3.model_copy(update={"bucket": f"made-{uuid4().hex}"})) as store:
        assert [await store.create_bucket("us-east-1") for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("status", "code"),
    [(507, "XMinioStorageFull"), (403, "QuotaExceeded"), (400, "XMinioAdminBucketQuotaExceeded"), (507, "")],
)
async def test_a_store_without_room_is_worth_another_try_and_named(s3: S3Settings, status: int, code: str) -> None:
    async with fresh_prefix(s3) as (settings, _), before(settings) as full, S3ObjectStore.open(full.settings) as store:
        full.status, full.code, full.room = status, code, 0
        for put in (store.put("k", b"x"), store.put_stream("k", pieces(b"x" * (17 * MEBIBYTE)))):
            with pytest.raises(StoreUnavailableError, match="the object store is full") as raised:
                await put
            assert raised.value.code is FailureCode.NO_SPACE
        full.room = None
        await store.put("k", b"x")


async def test_a_store_that_fails_at_a_write_is_perhaps_full(s3: S3Settings) -> None:
    async with fresh_prefix(s3) as (settings, _), before(settings) as full, S3ObjectStore.open(full.settings) as store:
        full.status, full.code, full.room = 500, "InternalError", 0
        with pytest.raises(StoreUnavailableError, match="when they are full: look at its room") as raised:
            await store.put("k", b"x")
        assert raised.value.code is FailureCode.STORE_UNAVAILABLE


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"secret_access_key": SecretStr("wrong")}, StoreRefusedError, "SignatureDoesNotMatch|AccessDenied"),
        ({"access_key_id": "nobody"}, StoreRefusedError, "InvalidAccessKeyId|AccessDenied"),
        ({"bucket": "no-such-bucket"}, StoreRefusedError, "NoSuchBucket"),
        ({"endpoint_url": "http://127.0.0.1:1"}, StoreUnavailableError, "did not answer"),
    ],
)
async def test_what_is_wrong_with_a_store_is_named(
    s3: S3Settings, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    async with S3ObjectStore.open(s3.model_copy(update=change)) as store:
        with pytest.raises(error, match=words) as raised:
            await listed(store, "")
        assert s3.secret_access_key.get_secret_value() not in str(raised.value)
