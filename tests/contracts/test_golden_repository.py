"""A whole repository that was written once stays readable; a damaged, foreign or newer one is refused by name.

`golden/repository/v2.json` has every object of two nights in hexadecimal; the dump of the second is a delta. In
`v2-erased.json` the first was deleted, and all that it left erased.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from contracts.condemned import Condemnation, CondemnedPart, DamagedPacks
from contracts.manifest import serialize
from contracts.values import Value
from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2, read_documents
from services.platform.repository.compression import compress
from services.platform.repository.errors import (
    ContentMissingError,
    KeyDestroyedError,
    ManifestCorruptError,
    NewerPackError,
    NewerSealError,
    RepositoryError,
    RepositoryKeyError,
)
from services.platform.repository.hashing import keyed_hash
from services.platform.repository.keys import environment_keys
from services.platform.repository.layout import content_key, key_prefix
from tests.suites.reclaim import NOW
from tests.suites.repository import KEY, read
from tests.support.manifests import BACKUP_ID, ENVIRONMENT_ID, manifest

FOLDER = Path(__file__).parent / "golden" / "repository"
GOLDEN = json.loads((FOLDER / "v2.json").read_text())
ERASED = json.loads((FOLDER / "v2-erased.json").read_text())
DESTROYED = (FOLDER / "destroyed-key.json").read_bytes()
SECOND_ID = UUID(int=BACKUP_ID.int + 1)
CONDEMNED = json.loads((Path(__file__).parent / "golden" / "repository" / "condemned.json").read_text())
DOCUMENT = b"a document, as small as they often are"
VERSION_2 = b'"version": 2'.hex()
"""In a wrap."""
DUMP_HASHES = {
    BACKUP_ID: "b3:9acb563231aa0c0aef6dfde597641d39481299e101e6db919bf0b332ec45e1bd",
    SECOND_ID: "b3:04669f2ffffc9fc583a015a5db0b40eb3ec5be5f70ee22cea804cb41985f2d48",
}


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return DirectoryObjectStore(tmp_path)


async def opened(store: ObjectStore, objects: dict[str, str] = GOLDEN) -> EnvironmentRepository:
    for key, told in objects.items():
        await store.put(key, bytes.fromhex(told))
    return RepositoryV2(store, KEY).of(ENVIRONMENT_ID)


async def look(repository: EnvironmentRepository) -> None:
    """Everything that a restore reads."""
    for backup_id, expected in DUMP_HASHES.items():
        whole = await repository.read_manifest(backup_id)
        dump = await read(repository, whole.database.contents)
        hasher = await repository.hasher(like=whole.database.hash)
        hasher.update(dump)
        assert hasher.hexdigest() == whole.database.hash == expected
        [[line]] = [lines async for lines in read_documents(repository, whole.files.listing)]
        assert await read(repository, line.contents) == DOCUMENT


async def test_what_was_written_once_is_read(store: ObjectStore) -> None:
    repository = await opened(store)
    await look(repository)
    second = await repository.read_manifest(SECOND_ID)
    assert second.database.chain is not None
    assert second.database.chain.full is not None
    assert (await repository.check(read_percent=100, seed=1)).damage_count == 0


async def test_a_dump_that_was_stored_anew_is_read_with_the_chain_that_it_has_now(store: ObjectStore) -> None:
    repository = await opened(store, ERASED)
    second = await repository.read_manifest(SECOND_ID)
    assert second.database.chain is not None
    assert second.database.chain.full is None
    hasher = await repository.hasher(like=second.database.hash)
    hasher.update(await read(repository, second.database.contents))
    assert hasher.hexdigest() == DUMP_HASHES[SECOND_ID]
    assert (await repository.check(read_percent=100, seed=1)).damage_count == 0


async def test_it_is_read_without_its_indexes(store: ObjectStore) -> None:
    await look(await opened(store, {key: told for key, told in GOLDEN.items() if "/index/" not in key}))


def without_index(change: Callable[[str, str], str]) -> dict[str, str]:
    """The golden objects, changed, with footers as the only index."""
    return {key: change(key, told) for key, told in GOLDEN.items() if "/index/" not in key}


def of_kind(kind: str, change: Callable[[str], str]) -> Callable[[str, str], str]:
    return lambda key, told: change(told) if kind in key else told


def flipped(told: str, at: int) -> str:
    data = bytearray.fromhex(told)
    data[at] ^= 1
    return data.hex()


def newer(told: str) -> str:
    """A pack, a manifest or an index of the next version."""
    return told[:8] + "03" + told[10:]


BROKEN: dict[str, tuple[dict[str, str], type[RepositoryError], str]] = {
    "newer pack": (
        without_index(of_kind("/packs/", newer)),
        ContentMissingError,
        "upgrade it",
    ),
    "no pack": (without_index(of_kind("/packs/", lambda t: "00" + t[2:])), ContentMissingError, "does not begin"),
    "pack cut short": (without_index(of_kind("/packs/", lambda t: t[:-8])), ContentMissingError, "does not end"),
    "footer damaged": (without_index(of_kind("/packs/", lambda t: flipped(t, -20))), ContentMissingError, "footer"),
    "content damaged": (without_index(of_kind("/packs/", lambda t: flipped(t, 9))), RepositoryError, "damaged"),
    "newer manifest": (
        without_index(of_kind("/manifests/", newer)),
        ManifestCorruptError,
        "upgrade it",
    ),
    "manifest of another kind": (
        without_index(of_kind("/manifests/", lambda t: t[:10] + "02" + t[12:])),
        ManifestCorruptError,
        "another kind",
    ),
    "manifest damaged": (
        without_index(of_kind("/manifests/", lambda t: flipped(t, -1))),
        ManifestCorruptError,
        "is damaged",
    ),
    "key damaged": (without_index(of_kind("keys/", lambda t: t[:-40])), RepositoryKeyError, "is damaged"),
    "newer key": (
        without_index(of_kind("keys/", lambda t: t.replace(VERSION_2, b'"version": 3'.hex()))),
        RepositoryKeyError,
        "of a newer release",
    ),
    "unknown data key": (
        without_index(of_kind("/packs/", lambda t: t[:12] + "0007" + t[16:])),
        RepositoryKeyError,
        "data key 7",
    ),
}


NEWER_INDEXES = {key: of_kind("/index/", newer)(key, told) for key, told in GOLDEN.items()}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_one_is_refused_and_the_culprit_named(store: ObjectStore, name: str) -> None:
    objects, error, words = BROKEN[name]
    repository = await opened(store, objects)
    with pytest.raises(error, match=words):
        await look(repository)


@pytest.mark.parametrize(
    ("name", "kind"), [("part", CondemnedPart), ("complete", Condemnation), ("damaged", DamagedPacks)]
)
def test_what_names_condemned_or_damaged_packs_is_read_as_it_was_written(name: str, kind: type[Value]) -> None:
    told = CONDEMNED[name]
    assert kind.model_validate(told).model_dump(mode="json") == told
    for broken in ({**told, "version": 2}, {**told, "format": "another"}):
        with pytest.raises(ValidationError):
            kind.model_validate(broken)


@pytest.mark.parametrize(
    ("objects", "error"), [(BROKEN["newer pack"][0], NewerPackError), (NEWER_INDEXES, NewerSealError)]
)
async def test_beside_a_newer_pack_or_index_nothing_is_written_or_removed(
    store: ObjectStore, objects: dict[str, str], error: type[RepositoryError]
) -> None:
    repository = await opened(store, objects)
    for work in (
        repository.begin_backup(uuid4()),
        repository.condemn(uuid4(), NOW),
        repository.erase(uuid4(), NOW),
        repository.remove_condemned(uuid4(), NOW),
    ):
        with pytest.raises(error, match="upgrade it"):
            await work
    there = {info.key async for info in store.list("")}
    assert {key for key in there if "/begun/" not in key} == {key for key in objects if "/begun/" not in key}


async def test_beside_newer_indexes_backups_are_read_by_footers(store: ObjectStore) -> None:
    await look(await opened(store, NEWER_INDEXES))


async def test_under_a_destroyed_key_nothing_is_read_and_the_next_one_has_another_number(store: ObjectStore) -> None:
    repository = await opened(store)
    await store.put(f"{key_prefix(ENVIRONMENT_ID)}0", DESTROYED)
    with pytest.raises(KeyDestroyedError, match="data key 0"):
        await look(repository)
    stored = await repository.store_bytes(DOCUMENT)
    assert await read(repository, stored.contents) == DOCUMENT
    assert {info.key async for info in store.list(key_prefix(ENVIRONMENT_ID))} == {
        f"{key_prefix(ENVIRONMENT_ID)}0",
        f"{key_prefix(ENVIRONMENT_ID)}1",
    }


@pytest.mark.parametrize("broken", [DESTROYED[:-10], DESTROYED.replace(b'"version": 2', b'"version": 3')])
async def test_a_broken_or_newer_word_of_a_destroyed_key_is_refused(store: ObjectStore, broken: bytes) -> None:
    repository = await opened(store)
    await store.put(f"{key_prefix(ENVIRONMENT_ID)}0", broken)
    with pytest.raises(RepositoryKeyError, match="damaged, or of a newer release"):
        await look(repository)


async def test_two_manifests_in_each_others_place_are_refused(store: ObjectStore) -> None:
    repository = await opened(store)
    one, other = (repository.manifest_key(backup_id) for backup_id in DUMP_HASHES)
    await store.put(one, bytes.fromhex(GOLDEN[other]))
    with pytest.raises(ManifestCorruptError, match="does not belong"):
        await repository.read_manifest(BACKUP_ID)


async def test_a_backup_of_the_first_format_is_read_and_its_documents_compared(store: ObjectStore) -> None:
    keys = environment_keys(KEY, ENVIRONMENT_ID)
    name = keyed_hash(keys.content, DOCUMENT)
    await store.put(content_key(ENVIRONMENT_ID, name), await asyncio.to_thread(compress, DOCUMENT))
    repository = RepositoryV2(store, KEY).of(ENVIRONMENT_ID)
    whole = manifest(key_id=keys.key_id).model_copy(update={"version": 1})
    await store.put(repository.manifest_key(BACKUP_ID), serialize(whole))
    read_again = await repository.read_manifest(BACKUP_ID)
    assert serialize(read_again) == serialize(whole)
    assert await read(repository, (name,)) == DOCUMENT
    hasher = await repository.hasher(like=name)
    hasher.update(DOCUMENT)
    assert hasher.hexdigest() == name
    assert set(await repository.unusable({name})) == {name}
