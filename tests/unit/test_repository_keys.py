"""The data keys of environments: wrapped, wrapped again, recovered, rotated, refused."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.repository import RepositoryV2
from services.platform.repository.errors import RepositoryKeyError, WrapDamagedError
from services.platform.repository.keyring import KeyRing
from services.platform.repository.layout import key_prefix, manifest_key
from services.platform.repository.names import name_of
from services.platform.repository.opened import refuse_lost
from services.platform.repository.wrapping import DestroyedKey, recovered, unwrapped, wrapped
from services.platform.repository.wraps import Wraps
from tests.history.stored import BrokenError, StoredEnvironment
from tests.suites.repository import KEY, read
from tests.support.events import NOON
from tests.support.manifests import BACKUP_ID, ENVIRONMENT_ID, manifest
from tests.support.memory_store import MemoryObjectStore

OTHER = bytes(32)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return DirectoryObjectStore(tmp_path)


async def ring_of(wraps: Wraps) -> KeyRing:
    ring = await wraps.ring(ENVIRONMENT_ID)
    assert ring is not None
    return ring


async def test_a_data_key_is_made_once_whoever_asks(store: ObjectStore) -> None:
    for _ in range(2):
        await RepositoryV2(store, KEY).of(ENVIRONMENT_ID).hasher()
    assert len((await ring_of(Wraps(store, KEY))).keys) == 1


async def test_a_wrong_master_key_is_refused_at_the_start(store: ObjectStore) -> None:
    await Wraps(store, OTHER).verify()
    await RepositoryV2(store, KEY).of(ENVIRONMENT_ID).hasher()
    await Wraps(store, KEY).verify()
    with pytest.raises(RepositoryKeyError, match="use the repository key"):
        await Wraps(store, OTHER).verify()


async def test_a_rewrap_that_was_broken_off_is_refused_at_the_start_by_both_master_keys(store: ObjectStore) -> None:
    for environment_id in (UUID(int=1), UUID(int=2)):
        await RepositoryV2(store, KEY).of(environment_id).hasher()
    for done in (UUID(int=1), UUID(int=2)):
        await Wraps(store, OTHER).rewrap(done, KEY)
        with pytest.raises(RepositoryKeyError, match="use the repository key"):
            await Wraps(store, KEY).verify()
        if done == UUID(int=1):
            with pytest.raises(RepositoryKeyError, match="use the repository key"):
                await Wraps(store, OTHER).verify()
    await Wraps(store, OTHER).verify()


async def test_a_wrap_of_another_master_key_is_found_behind_however_many() -> None:
    store = MemoryObjectStore()
    for number in range(1_200):
        await Wraps(store, KEY).add(UUID(int=number))
    await Wraps(store, KEY).verify()
    await Wraps(store, OTHER).add(UUID(int=1_200))
    with pytest.raises(RepositoryKeyError, match="use the repository key"):
        await Wraps(store, KEY).verify()


async def test_a_damaged_wrap_keeps_no_other_environment_from_the_start(store: ObjectStore) -> None:
    await RepositoryV2(store, KEY).of(ENVIRONMENT_ID).hasher()
    await store.put(f"{key_prefix(UUID(int=1))}0", b"damaged")
    await Wraps(store, KEY).verify()
    with pytest.raises(RepositoryKeyError, match="damaged"):
        await Wraps(store, KEY).ring(UUID(int=1))
    with pytest.raises(RepositoryKeyError, match="use the repository key"):
        await Wraps(store, OTHER).verify()


async def test_another_master_key_takes_over_without_writing_content_anew(store: ObjectStore) -> None:
    repository = RepositoryV2(store, KEY).of(ENVIRONMENT_ID)
    stored = await repository.store_bytes(b"kept")
    await repository.put_manifest(manifest(uuid4(), ENVIRONMENT_ID, repository.key_id))
    for _ in range(2):
        await Wraps(store, OTHER).rewrap(ENVIRONMENT_ID, KEY)
    assert await read(RepositoryV2(store, OTHER).of(ENVIRONMENT_ID), stored.contents) == b"kept"
    with pytest.raises(RepositoryKeyError):
        await read(RepositoryV2(store, KEY).of(ENVIRONMENT_ID), stored.contents)


async def test_a_rewrap_does_not_bring_back_what_is_destroyed_meanwhile() -> None:
    class Meanwhile(MemoryObjectStore):
        """Each wrap is destroyed just before it would be written anew."""

        async def replace(self, key: str, data: bytes, *, etag: str) -> str:
            await Wraps(destroying, KEY).destroy(ENVIRONMENT_ID, range(1), NOON)
            return await super().replace(key, data, etag=etag)

    store = Meanwhile()
    destroying = MemoryObjectStore(objects=store.objects, puts=100)
    await RepositoryV2(store, KEY).of(ENVIRONMENT_ID).hasher()
    await Wraps(store, OTHER).rewrap(ENVIRONMENT_ID, KEY)
    assert await Wraps(store, OTHER).numbers(ENVIRONMENT_ID) == range(1, 1)


async def test_a_new_data_key_reads_and_finds_what_earlier_ones_stored(store: ObjectStore) -> None:
    repository = RepositoryV2(store, KEY).of(ENVIRONMENT_ID)
    old = await repository.store_bytes(b"under the first key")
    await repository.put_manifest(manifest(uuid4(), ENVIRONMENT_ID, repository.key_id))
    await Wraps(store, KEY).add(ENVIRONMENT_ID)
    later = RepositoryV2(store, KEY).of(ENVIRONMENT_ID)
    assert (await later.store_bytes(b"under the first key")).stored_bytes == 0
    new = await later.store_bytes(b"under the second key")
    await later.put_manifest(manifest(uuid4(), ENVIRONMENT_ID, later.key_id))
    again = RepositoryV2(store, KEY).of(ENVIRONMENT_ID)
    assert await read(again, (*old.contents, *new.contents)) == b"under the first keyunder the second key"


@pytest.mark.parametrize(
    ("destroyed", "gone", "left"),
    [
        ((), None, range(4)),
        ((0,), None, range(1, 4)),
        ((1,), None, range(2, 4)),
        ((0, 2), None, range(3, 4)),
        ((0, 1, 2, 3), None, range(4, 4)),
        ((), 2, range(2)),
        ((0,), 2, range(1, 2)),
        ((3,), 2, range(2)),
    ],
)
async def test_the_first_key_is_that_behind_the_last_destroyed_for_us_and_for_a_reader_by_the_format(
    destroyed: tuple[int, ...], gone: int | None, left: range
) -> None:
    store = MemoryObjectStore()
    for _ in range(4):
        await Wraps(store, KEY).add(ENVIRONMENT_ID)
    for number in destroyed:
        stone = DestroyedKey(environment_id=ENVIRONMENT_ID, number=number, destroyed_at=NOON)
        await store.put(f"{key_prefix(ENVIRONMENT_ID)}{number}", stone.model_dump_json().encode())
    if gone is not None:
        await store.delete(f"{key_prefix(ENVIRONMENT_ID)}{gone}")
    await store.put(manifest_key(ENVIRONMENT_ID, BACKUP_ID), b"any bytes")
    objects = {info.key: await store.get(info.key) async for info in store.list("")}
    ring, outsider = await ring_of(Wraps(store, KEY)), StoredEnvironment(objects, KEY, str(ENVIRONMENT_ID))
    assert range(ring.first, ring.newest + 1) == left
    assert [outsider.data_key(number) for number in left] == list(ring.keys)
    for number in set(range(5)) - set(left):
        with pytest.raises(BrokenError):
            outsider.data_key(number)
    if left:
        assert outsider.hash_of(str(BACKUP_ID)) == name_of(ring.seal_key, b"any bytes")
    else:
        with pytest.raises(BrokenError):
            outsider.hash_of(str(BACKUP_ID))


async def test_keys_that_are_gone_are_not_made_anew(store: ObjectStore) -> None:
    repository = RepositoryV2(store, KEY).of(ENVIRONMENT_ID)
    await repository.store_bytes(b"kept")
    await repository.put_manifest(manifest(uuid4(), ENVIRONMENT_ID, repository.key_id))
    await store.delete(f"{key_prefix(ENVIRONMENT_ID)}0")
    with pytest.raises(RepositoryKeyError, match="bring them back"):
        await RepositoryV2(store, KEY).of(ENVIRONMENT_ID).store_bytes(b"new")


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_key_that_is_gone_is_not_made_anew_behind_a_shredding_or_by_a_rotation(
    store: ObjectStore, lost: int
) -> None:
    wraps = Wraps(store, KEY)

    async def stored() -> None:
        repository = RepositoryV2(store, KEY).of(ENVIRONMENT_ID)
        await repository.store_bytes(os.urandom(100))
        await repository.put_manifest(manifest(uuid4(), ENVIRONMENT_ID, repository.key_id))

    await stored()
    if lost == 1:
        await wraps.destroy(ENVIRONMENT_ID, await wraps.numbers(ENVIRONMENT_ID), NOON)
        await stored()
    key = f"{key_prefix(ENVIRONMENT_ID)}{lost}"
    wrap = await store.get(key)
    await store.delete(key)
    with pytest.raises(RepositoryKeyError, match=r"put a copy of it back|bring them back"):
        await stored()
    with pytest.raises(WrapDamagedError, match=f"{key} is gone, and packs lie under it"):
        await refuse_lost(store, wraps, ENVIRONMENT_ID)
    await store.put(key, wrap)
    await stored()


async def test_a_number_among_others_that_is_gone_is_not_taken_by_a_new_key(store: ObjectStore) -> None:
    wraps, key = Wraps(store, KEY), f"{key_prefix(ENVIRONMENT_ID)}1"
    for _ in range(3):
        await wraps.add(ENVIRONMENT_ID)
    wrap = await store.get(key)
    await store.delete(key)
    with pytest.raises(WrapDamagedError, match=f"{key} is gone"):
        await wraps.add(ENVIRONMENT_ID)
    await store.put(key, wrap)
    await wraps.add(ENVIRONMENT_ID)
    assert await wraps.numbers(ENVIRONMENT_ID) == range(4)


def test_the_recovery_key_unwraps_without_the_master_key() -> None:
    pair = X25519PrivateKey.generate()
    wrap = wrapped(KEY, pair.public_key().public_bytes_raw(), ENVIRONMENT_ID, 0, b"k" * 32)
    assert unwrapped(KEY, wrap) == recovered(pair.private_bytes_raw(), wrap) == b"k" * 32
    with pytest.raises(RepositoryKeyError, match="damaged"):
        recovered(X25519PrivateKey.generate().private_bytes_raw(), wrap)
    with pytest.raises(RepositoryKeyError, match="before there was a recovery key"):
        recovered(pair.private_bytes_raw(), wrapped(KEY, None, ENVIRONMENT_ID, 0, b"k" * 32))


def test_a_wrap_in_another_ones_place_is_refused() -> None:
    wrap = wrapped(KEY, None, ENVIRONMENT_ID, 0, b"k" * 32)
    for changed in ({"number": 1}, {"environment_id": uuid4()}, {"by_master": "00" * 60}):
        with pytest.raises(RepositoryKeyError):
            unwrapped(KEY, wrap.model_copy(update=changed))
