"""One environment's repository, opened: its keys and indexes read, a writer and a reader upon them."""

import asyncio
from uuid import UUID

from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.errors import PackCorruptError, RepositoryKeyError, WrapDamagedError
from services.platform.repository.keyring import KeyRing
from services.platform.repository.layout import id_in, key_prefix, pack_key, pack_prefix
from services.platform.repository.locations import Locations
from services.platform.repository.packer import Packer
from services.platform.repository.packs import key_number_of
from services.platform.repository.reader import Reader
from services.platform.repository.stored_index import FOOTERS_AT_ONCE, HEAD_BYTES, StoredIndex
from services.platform.repository.wraps import DataKeys
from services.platform.repository.writer import Writer


class Opened:
    """What a process knows of one environment's packs, until it is opened anew."""

    def __init__(self, store: ObjectStore, ring: KeyRing, locations: Locations, new_id: NewId) -> None:
        self._store = store
        self.ring = ring
        self.locations = locations
        self.index = StoredIndex(store, ring, new_id)
        self.packer = Packer(store, ring, self.index, locations, new_id)
        self.writer = Writer(ring, self.packer)
        self.reader = self.another_reader()

    def another_reader(self) -> Reader:
        """One that counts, and keeps in memory, what it reads itself."""
        return Reader(self._store, self.ring, self.locations, self.index.renewed)

    @classmethod
    async def load(cls, store: ObjectStore, ring: KeyRing, new_id: NewId) -> "Opened":
        """Read the indexes."""
        return cls(store, ring, await StoredIndex(store, ring, new_id).load(), new_id)


async def known_keys(store: ObjectStore, wraps: DataKeys, environment_id: UUID) -> KeyRing:
    """The environment's keys; none where nothing is stored yet, and where all were destroyed.

    Raises RepositoryKeyError for another master key, and for keys that are gone while packs are there.
    """
    ring = await wraps.ring(environment_id)
    if ring is None:
        async for _ in store.list(pack_prefix(environment_id)):
            raise RepositoryKeyError(f"the wrapped keys of the environment {environment_id} are gone: bring them back")
    return ring or KeyRing(environment_id, ())


async def refuse_lost(store: ObjectStore, wraps: DataKeys, environment_id: UUID) -> None:
    """For who adds a key: raise WrapDamagedError where packs lie under one whose wrap is gone, and its number with it.

    They tell it in their heads, which are all read: a key is seldom added.
    """
    listed = [id_in(info.key) async for info in store.list(pack_prefix(environment_id))]
    newest, packs = -1, [pack_id for pack_id in listed if pack_id]
    for start in range(0, len(packs), FOOTERS_AT_ONCE):
        some = packs[start : start + FOOTERS_AT_ONCE]
        newest = max(newest, *await asyncio.gather(*(_key_number(store, environment_id, one) for one in some)))
    if newest >= (await wraps.numbers(environment_id)).stop:
        raise WrapDamagedError(f"{key_prefix(environment_id)}{newest}", "is gone, and packs lie under it")


async def _key_number(store: ObjectStore, environment_id: UUID, pack_id: UUID) -> int:
    """That of a pack's key; -1 where it is gone, or tells none."""
    try:
        return key_number_of(pack_id, await store.get_range(pack_key(environment_id, pack_id), 0, HEAD_BYTES))
    except (ObjectNotFoundError, PackCorruptError):
        return -1


async def open_keys(store: ObjectStore, wraps: DataKeys, environment_id: UUID) -> KeyRing:
    """The environment's keys, to write under: where there is none, one is made. Raises RepositoryKeyError as above."""
    ring = await known_keys(store, wraps, environment_id)
    if not ring.keys:
        await refuse_lost(store, wraps, environment_id)
        await wraps.add(environment_id)
        ring = await known_keys(store, wraps, environment_id)
    if not ring.keys:
        raise RepositoryKeyError(f"the wrapped keys of the environment {environment_id} do not stay in their store")
    return ring
