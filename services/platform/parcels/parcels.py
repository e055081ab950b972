"""The parts of parcels in the object store; which of them are there says the store itself."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

from contracts.values import Parcel
from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.parcels.errors import ParcelIncompleteError
from services.platform.parcels.sealing import sealed, unsealed
from services.platform.process.ids import NewId
from services.platform.repository.keyring import KeyRing
from services.platform.repository.layout import prefix
from services.platform.repository.opened import open_keys
from services.platform.repository.wraps import Wraps

DIGITS: Final = 8
"""Of a part's number in its key: parts sort as they follow each other."""


def parts_of(parcel: Parcel) -> int:
    """How many parts it has."""
    return -(-parcel.size_bytes // parcel.part_bytes)


def part_size(parcel: Parcel, number: int) -> int:
    """How many bytes the part `number` has, counted from 0."""
    return min(parcel.part_bytes, parcel.size_bytes - number * parcel.part_bytes)


class Parcels:
    """All parcels. Every call may raise what the object store raises, and RepositoryKeyError."""

    def __init__(self, store: ObjectStore, wraps: Wraps, new_id: NewId) -> None:
        self._store = store
        self._wraps = wraps
        self._new_id = new_id

    async def put(self, environment_id: UUID, parcel_id: UUID, number: int, data: bytes) -> None:
        """Keep a part; sent again, the newer one stands."""
        ring = await self._ring(environment_id)
        key = _key(environment_id, parcel_id, number)
        await self._store.put(key, await asyncio.to_thread(sealed, ring, key, data, self._new_id()))

    async def received(self, environment_id: UUID, parcel_id: UUID) -> frozenset[int]:
        """The numbers of the parts that are there."""
        below = _prefix(environment_id, parcel_id)
        return frozenset([int(info.key.removeprefix(below)) async for info in self._store.list(below)])

    async def read(self, environment_id: UUID, parcel: Parcel, number: int) -> bytes:
        """A part. Raises ParcelIncompleteError and ParcelBrokenError."""
        return await asyncio.to_thread(await self.fetch(environment_id, parcel, number))

    async def fetch(self, environment_id: UUID, parcel: Parcel, number: int) -> Callable[[], bytes]:
        """A part as it is kept; the call that it gives opens it, where that holds nobody up. Raises as `read`."""
        key = _key(environment_id, parcel.parcel_id, number)
        ring = await self._ring(environment_id)
        try:
            stored = await self._store.get(key)
        except ObjectNotFoundError as error:
            reason = f"part {number} of parcel {parcel.parcel_id} is not there: send it again"
            raise ParcelIncompleteError(reason) from error
        return partial(_opened, ring, key, stored, parcel, number)

    async def remove(self, environment_id: UUID, parcel_id: UUID) -> None:
        """Remove all of its parts; again is harmless."""
        async for info in self._store.list(_prefix(environment_id, parcel_id)):
            await self._store.delete(info.key)

    async def _ring(self, environment_id: UUID) -> KeyRing:
        """The environment's keys; before its first backup, and after a shredding, they are made.

        Not where others' keys say that ours is wrong.
        """
        ring = await self._wraps.ring(environment_id)
        if ring is None or not ring.keys:
            await self._wraps.verify()
            ring = await open_keys(self._store, self._wraps, environment_id)
        return ring


def _opened(ring: KeyRing, key: str, stored: bytes, parcel: Parcel, number: int) -> bytes:
    data = unsealed(ring, key, stored)
    if len(data) != part_size(parcel, number):
        raise ParcelIncompleteError(f"part {number} of parcel {parcel.parcel_id} has {len(data)} bytes")
    return data


def _prefix(environment_id: UUID, parcel_id: UUID) -> str:
    return f"{prefix(environment_id)}parcels/{parcel_id}/"


def _key(environment_id: UUID, parcel_id: UUID, number: int) -> str:
    return f"{_prefix(environment_id, parcel_id)}{number:0{DIGITS}}"
