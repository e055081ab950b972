"""Parcels: what is sent in parts is read as one file, is never in the clear in the store, and goes without a trace."""

import asyncio
import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

import pytest

from contracts.values import Parcel
from services.platform.objectstore import DirectoryObjectStore
from services.platform.parcels import (
    ParcelBrokenError,
    ParcelIncompleteError,
    Parcels,
    parcel_file,
    part_size,
    parts_of,
)
from services.platform.repository.errors import KeyDestroyedError, RepositoryKeyError
from services.platform.repository.wraps import Wraps
from services.platform.unpacking import check_sum
from tests.suites.repository import KEY
from tests.support.sent_archives import FULL, zipped

ENVIRONMENT_ID = UUID(int=5)
PART_BYTES = 100


def parcel_of(data: bytes, part_bytes: int = PART_BYTES) -> Parcel:
    digest = hashlib.sha256(data).hexdigest()
    return Parcel(parcel_id=uuid4(), size_bytes=len(data), part_bytes=part_bytes, sha256=digest)


async def sent(parcels: Parcels, data: bytes) -> Parcel:
    """A parcel all of which was sent, its last part first."""
    parcel = parcel_of(data)
    for number in reversed(range(parts_of(parcel))):
        begin = number * PART_BYTES
        part = data[begin : begin + part_size(parcel, number)]
        await parcels.put(ENVIRONMENT_ID, parcel.parcel_id, number, part)
    return parcel


async def checked(parcels: Parcels, parcel: Parcel) -> BinaryIO:
    """The file that it is, its sum being the one that was announced."""

    async def moved(_bytes_done: int) -> None:
        pass

    return parcel_file(parcels, ENVIRONMENT_ID, parcel, await check_sum(parcels, ENVIRONMENT_ID, parcel, moved))


@pytest.fixture
def store(tmp_path: Path) -> DirectoryObjectStore:
    return DirectoryObjectStore(tmp_path)


@pytest.fixture
def parcels(store: DirectoryObjectStore) -> Parcels:
    return Parcels(store, Wraps(store, KEY), uuid4)


@pytest.mark.parametrize("size", [1, 99, 100, 101, 1000])
async def test_what_was_sent_in_parts_is_read_as_one_file(parcels: Parcels, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    file = await checked(parcels, await sent(parcels, data))
    assert await asyncio.to_thread(file.read) == data


async def test_a_part_that_is_replaced_after_the_check_is_refused(parcels: Parcels) -> None:
    parcel = await sent(parcels, bytes(250))
    file = await checked(parcels, parcel)
    await parcels.put(ENVIRONMENT_ID, parcel.parcel_id, 1, bytes(99) + b"x")
    with pytest.raises(ParcelBrokenError, match=r"part 1 .* another than was checked"):
        await asyncio.to_thread(file.read)


async def test_a_zip_is_read_where_it_lies(parcels: Parcels) -> None:
    file = await checked(parcels, await sent(parcels, zipped(FULL)))

    def read() -> dict[str, bytes]:
        with zipfile.ZipFile(file) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    assert await asyncio.to_thread(read) == FULL


async def test_the_store_never_sees_it_in_the_clear(parcels: Parcels, store: DirectoryObjectStore) -> None:
    await sent(parcels, b"a secret that nobody may read " * 20)
    kept = [await store.get(info.key) async for info in store.list("environments/")]
    assert len(kept) > 1
    assert not any(b"secret" in one for one in kept)


async def test_which_parts_are_there_is_known_without_any_note(parcels: Parcels) -> None:
    parcel = parcel_of(bytes(250))
    await parcels.put(ENVIRONMENT_ID, parcel.parcel_id, 2, bytes(50))
    await parcels.put(ENVIRONMENT_ID, parcel.parcel_id, 0, bytes(100))
    assert await parcels.received(ENVIRONMENT_ID, parcel.parcel_id) == {0, 2}
    with pytest.raises(ParcelIncompleteError, match="part 1"):
        await parcels.read(ENVIRONMENT_ID, parcel, 1)


async def test_a_part_of_another_size_is_no_part(parcels: Parcels) -> None:
    parcel = parcel_of(bytes(250))
    await parcels.put(ENVIRONMENT_ID, parcel.parcel_id, 0, bytes(99))
    with pytest.raises(ParcelIncompleteError, match="99 bytes"):
        await parcels.read(ENVIRONMENT_ID, parcel, 0)


async def test_a_part_that_was_changed_or_moved_is_refused(parcels: Parcels, store: DirectoryObjectStore) -> None:
    parcel = await sent(parcels, bytes(250))
    keys = sorted([info.key async for info in store.list(f"environments/{ENVIRONMENT_ID}/parcels/")])
    await store.put(keys[0], await store.get(keys[1]))
    damaged = bytearray(await store.get(keys[2]))
    damaged[-1] ^= 1
    await store.put(keys[2], bytes(damaged))
    for number in (0, 2):
        with pytest.raises(ParcelBrokenError, match="damaged, or lies where it does not belong"):
            await parcels.read(ENVIRONMENT_ID, parcel, number)
    for stored, words in ((b"", "cut short"), (bytes(100), "no part of a parcel")):
        await store.put(keys[1], stored)
        with pytest.raises(ParcelBrokenError, match=words):
            await parcels.read(ENVIRONMENT_ID, parcel, 1)


async def test_a_parcel_goes_without_a_trace(parcels: Parcels, store: DirectoryObjectStore) -> None:
    parcel, other = await sent(parcels, bytes(250)), await sent(parcels, bytes(10))
    for _ in range(2):
        await parcels.remove(ENVIRONMENT_ID, parcel.parcel_id)
    left = [info.key async for info in store.list(f"environments/{ENVIRONMENT_ID}/parcels/")]
    assert [key.split("/")[3] for key in left] == [str(other.parcel_id)]


async def test_after_a_shredding_a_parcel_can_be_sent(parcels: Parcels, store: DirectoryObjectStore) -> None:
    gone = await sent(parcels, b"before")
    await Wraps(store, KEY).destroy(ENVIRONMENT_ID, range(1), datetime(2026, 11, 22, tzinfo=UTC))
    later = await sent(parcels, b"after")
    assert await parcels.read(ENVIRONMENT_ID, later, 0) == b"after"
    with pytest.raises(KeyDestroyedError):
        await parcels.read(ENVIRONMENT_ID, gone, 0)


async def test_another_master_key_makes_no_keys_of_its_own(store: DirectoryObjectStore, parcels: Parcels) -> None:
    await sent(parcels, b"x")
    other = Parcels(store, Wraps(store, bytes(32)), uuid4)
    with pytest.raises(RepositoryKeyError):
        await other.put(UUID(int=6), uuid4(), 0, b"x")
