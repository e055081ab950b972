"""The object store on a real S3 server, with both ways to send checksums."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from contracts.errors import FailureCode
from services.platform.objectstore import (
    AlreadyExistsError,
    ObjectChangedError,
    ObjectStore,
    StoreRefusedError,
    StoreUnavailableError,
    probe,
)
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.objectstore.s3_client import s3_client
from services.platform.objectstore.s3_multipart import upload
from services.platform.process.settings import S3Settings
from services.platform.repository import RepositoryV2
from tests.suites.dumps import DumpBehaviour
from tests.suites.erasing import ErasureBehaviour
from tests.suites.faults import Kept
from tests.suites.object_store import MEBIBYTE, ObjectStoreBehaviour, listed, pieces
from tests.suites.reclaim import LATER, NOW, Backups, ReclaimBehaviour
from tests.suites.repository import KEY, RepositoryBehaviour
from tests.suites.shredding import ShreddingBehaviour
from tests.suites.verify import VerifyBehaviour
from tests.support.buckets import fresh_prefix
from tests.support.full_store import before
from tests.support.lost_answers import LosingLine, losing_line


class TestS3ObjectStore(ObjectStoreBehaviour):
    @pytest.fixture(params=["when_required", "when_supported"])
    async def store(self, s3: S3Settings, request: pytest.FixtureRequest) -> AsyncIterator[ObjectStore]:
        async with fresh_prefix(s3, checksums=request.param) as (_, store):
            yield store


class TestRepositoryOnS3(
    RepositoryBehaviour, ReclaimBehaviour, DumpBehaviour, ErasureBehaviour, VerifyBehaviour, ShreddingBehaviour
):
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


async def begun(settings: S3Settings, *keys: str) -> None:
    """Objects that somebody began to put in parts and was killed."""
    async with s3_client(settings) as client:
        for key in keys:
            await client.create_multipart_upload(Bucket=settings.bucket, Key=f"{settings.prefix}/{key}")


async def unfinished(settings: S3Settings) -> list[str]:
    async with s3_client(settings) as client:
        answer = await client.list_multipart_uploads(Bucket=settings.bucket, Prefix=f"{settings.prefix}/")
        return sorted(one["Key"].removeprefix(f"{settings.prefix}/") for one in answer.get("Uploads", ()))


async def test_whoever_puts_a_large_object_ends_what_somebody_began_of_it_and_was_killed(s3: S3Settings) -> None:
    async with fresh_prefix(s3) as (settings, store):
        await begun(settings, "large", "large", "large.of-somebody-else")
        assert await unfinished(settings) == ["large", "large", "large.of-somebody-else"]
        data = b"x" * (17 * MEBIBYTE)
        await store.put_stream("large", pieces(data))
        assert await store.get("large") == data
        assert await unfinished(settings) == ["large.of-somebody-else"]


async def test_an_upload_that_somebody_ended_is_worth_another_try(s3: S3Settings) -> None:
    async with fresh_prefix(s3) as (settings, store), s3_client(settings) as client:

        async def overtaken() -> AsyncIterator[bytes]:
            yield b"x" * (17 * MEBIBYTE)
            async with upload(client, {"Bucket": settings.bucket, "Key": f"{settings.prefix}/large"}) as other:
                await other.add(b"y" * MEBIBYTE)
            yield b"x" * (17 * MEBIBYTE)

        with pytest.raises(StoreUnavailableError, match="NoSuchUpload"):
            await store.put_stream("large", overtaken())
        assert await store.get("large") == b"y" * MEBIBYTE


@pytest.fixture
async def losing(s3: S3Settings) -> AsyncIterator[LosingLine]:
    """To an empty prefix."""
    async with fresh_prefix(s3) as (settings, _), losing_line(settings) as line:
        yield line


@pytest.mark.parametrize("times", [1, 2])
async def test_who_loses_the_answer_to_a_conditional_put_hears_that_it_has_succeeded(
    losing: LosingLine, times: int
) -> None:
    losing.times = times  # the first time the driver's HTTP client asks again, the second time the driver
    async with S3ObjectStore.open(losing.settings) as store:
        first = await store.put("k", b"one", only_if_absent=True)
        assert first == (await store.head("k")).etag
        assert losing.lost.total() == times
        losing.lost.clear()
        second = await store.replace("k", b"two", etag=first)
        assert first != second == (await store.head("k")).etag
        assert losing.lost.total() == times


async def test_who_loses_the_answer_that_another_was_first_hears_so(losing: LosingLine) -> None:
    async with S3ObjectStore.open(losing.settings) as store:
        await store.put("k", b"one")
        losing.lost.clear()
        with pytest.raises(AlreadyExistsError):
            await store.put("k", b"two", only_if_absent=True)
        with pytest.raises(ObjectChangedError):
            await store.replace("k", b"two", etag='"of-another"')
        assert await store.get("k") == b"one"


async def test_a_store_is_safe_though_answers_are_lost(losing: LosingLine) -> None:
    async with S3ObjectStore.open(losing.settings) as store:
        await probe(store, uuid4())
        assert losing.lost
        assert await listed(store, "") == []


async def test_a_manifest_decides_also_where_the_answer_to_it_is_lost(losing: LosingLine) -> None:
    async with S3ObjectStore.open(losing.settings) as store:
        backups = Backups(RepositoryV2(store, KEY).of(uuid4()))
        whole = await backups.prepare(b"document")
        losing.lost.clear()
        verdict = await backups.repository.put_manifest(whole)
        assert losing.lost[f"/{losing.settings.bucket}/{losing.settings.prefix}/{verdict.key}"] == 1
        assert verdict.manifest == whole
        assert verdict == await backups.repository.verdict(whole.backup_id)
        assert verdict == await backups.repository.put_manifest(await backups.prepare(b"another", whole.backup_id))


async def test_a_repository_loses_nothing_with_the_answers_to_its_puts(losing: LosingLine) -> None:
    async with S3ObjectStore.open(losing.settings) as store:
        kept, mark_id = Kept(store), uuid4()
        await kept.chained()
        await kept.delete()
        await kept.repository().erase(mark_id, NOW)
        assert (await kept.repository().remove_condemned(mark_id, LATER)).objects
        await kept.all_is_there()
    for part in ("/keys/", ".chain", f"/{mark_id}/"):
        assert any(part in asked for asked in losing.lost), part


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
