"""Documents under a prefix of a bucket of a real S3 server."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.values import S3Files, Severity
from services.platform.connectors.files import DocumentStore, DocumentsUnreachableError, Listed, Part, Stray, s3_listing
from services.platform.connectors.files.opening import CredentialsError, open_documents
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.secrets import SecretDirectory
from services.platform.process.settings import S3Settings
from tests.suites.document_store import (
    MEBIBYTE,
    DocumentStoreBehaviour,
    Put,
    area_places,
    listing,
    new_place,
    pieces,
    tree,
)
from tests.support.full_store import before

PREFIX = "apps/documents"


def keep_secret(directory: Path, name: str, text: str) -> None:
    path = directory / name
    path.write_text(text)
    path.chmod(0o600)


@pytest.fixture
def secrets(fresh_bucket: S3Settings, tmp_path: Path) -> SecretDirectory:
    key = fresh_bucket.secret_access_key.get_secret_value()
    keep_secret(tmp_path, "bucket", f"{fresh_bucket.access_key_id}:{key}\n")
    keep_secret(tmp_path, "wrong", f"{fresh_bucket.access_key_id}:not-the-key")
    keep_secret(tmp_path, "malformed", "no pair")
    return SecretDirectory(tmp_path)


@pytest.fixture
def files(fresh_bucket: S3Settings) -> S3Files:
    return S3Files(
        bucket=fresh_bucket.bucket,
        prefix=PREFIX,
        endpoint_url=fresh_bucket.endpoint_url,
        region=fresh_bucket.region,
        credentials="secret:bucket",
    )


@pytest.fixture
async def store(files: S3Files, secrets: SecretDirectory) -> AsyncIterator[DocumentStore]:
    async with open_documents(files, secrets) as store:
        yield store


@pytest.fixture
async def bucket(fresh_bucket: S3Settings) -> AsyncIterator[S3ObjectStore]:
    async with S3ObjectStore.open(fresh_bucket) as objects:
        yield objects


@pytest.fixture
def put(bucket: S3ObjectStore) -> Put:
    async def write(where: str, data: bytes) -> None:
        await bucket.put(f"{PREFIX}/{where}", data)

    return write


class TestS3Documents(DocumentStoreBehaviour):
    pass


async def test_only_what_is_below_the_prefix_is_listed(store: DocumentStore, bucket: S3ObjectStore) -> None:
    await bucket.put(f"{uuid4()}", b"elsewhere")
    await bucket.put(f"{PREFIX}-2/{uuid4()}", b"elsewhere")
    assert await listing(store) == []


@pytest.mark.parametrize("most_names", [s3_listing.MOST_NAMES, 3])
async def test_every_key_is_listed_once_wherever_it_is(
    store: DocumentStore, put: Put, bucket: S3ObjectStore, monkeypatch: pytest.MonkeyPatch, most_names: int
) -> None:
    monkeypatch.setattr(s3_listing, "MOST_NAMES", most_names)
    flat, upper, deep = str(uuid4()), str(uuid4()).upper(), f"a/b/c/d/{uuid4()}"
    documents = {flat, upper, deep, f"größe/{uuid4()}", f"{flat[0]}/{uuid4()}", *(new_place() for _ in range(20))}
    strays = {"readme.txt", "größe/readme.txt", f"{flat}.tmp"}
    for where in documents | strays:
        await put(where, b"x")
    for marker in (f"{PREFIX}/", f"{PREFIX}/empty/"):  # as consoles make them
        await bucket._client.put_object(Bucket=bucket.bucket, Key=marker, Body=b"")  # noqa: SLF001 -- no key of ours
    entries = await listing(store)
    assert sorted(entry.place for entry in entries if isinstance(entry, Listed)) == sorted(documents)
    assert sorted(entry.place for entry in entries if isinstance(entry, Stray)) == sorted(strays)


async def test_after_a_probe_an_etag_proves_the_content(store: DocumentStore, put: Put) -> None:
    await put(new_place(), b"x")
    assert await store.probe()
    [entry] = await listing(store)
    assert isinstance(entry, Listed)
    assert entry.settled


async def test_a_small_document_is_read_with_one_request_and_a_large_one_with_two(
    files: S3Files, secrets: SecretDirectory, fresh_bucket: S3Settings, put: Put
) -> None:
    small, large = [new_place() for _ in range(20)], new_place()
    for place in small:
        await put(place, place.encode())
    await put(large, b"x" * (3 * MEBIBYTE))
    async with before(fresh_bucket) as server:
        there = files.model_copy(update={"endpoint_url": server.settings.endpoint_url})
        async with open_documents(there, secrets) as store:
            found = await store.read_small(small, bytes)
            assert [whole and whole.made for whole in found] == [place.encode() for place in small]
            assert sorted(server.asked) == sorted(f"GET /{files.bucket}/{PREFIX}/{place}" for place in small)
            server.asked.clear()
            assert sum([len(piece) async for piece in store.read(large).pieces()]) == 3 * MEBIBYTE
            assert server.asked == [f"{method} /{files.bucket}/{PREFIX}/{large}" for method in ("GET", "HEAD")]


async def test_a_move_that_was_killed_between_copy_and_deletion_is_finished_by_the_next(
    store: DocumentStore, bucket: S3ObjectStore, put: Put
) -> None:
    area, where = uuid4(), new_place()
    kept = f"{PREFIX}/.nightkeep/restores/{area}"
    await put(where, b"old")
    await bucket.copy(f"{PREFIX}/{where}", f"{kept}/aside/{where}")
    assert await store.move_out(area, Part.ASIDE, where)
    await store.stage(area, where, pieces(b"new"))
    await bucket.copy(f"{kept}/staged/{where}", f"{PREFIX}/{where}")
    await store.move_in(area, Part.STAGED, where)
    assert await tree(store) == {where: b"new"}
    assert await area_places(store, area, Part.STAGED) == []
    assert await area_places(store, area, Part.ASIDE) == [where]


async def test_wrong_keys_and_a_missing_bucket_are_named(files: S3Files, secrets: SecretDirectory) -> None:
    changes = ({"credentials": "secret:wrong"}, {"bucket": "there-is-none-like-this"})
    for change in changes:
        async with open_documents(files.model_copy(update=change), secrets) as store:
            [finding] = await store.check()
            assert (finding.code, finding.severity) == ("DOCUMENTS_UNREACHABLE", Severity.ERROR)
            with pytest.raises(DocumentsUnreachableError):
                await listing(store)


async def test_a_secret_that_is_no_pair_of_keys_is_named(files: S3Files, secrets: SecretDirectory) -> None:
    with pytest.raises(CredentialsError, match="access key id"):
        async with open_documents(files.model_copy(update={"credentials": "secret:malformed"}), secrets):
            pass
