"""Reads what the store holds into `Locations`, in the order that a reclaim relies on, and writes new index objects."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.process.ids import NewId
from services.platform.process.together import together
from services.platform.repository.condemned import CondemnedObjects
from services.platform.repository.damaged import DamagedObjects
from services.platform.repository.errors import KeyDestroyedError, PackCorruptError, RepositoryError
from services.platform.repository.indexes import PackEntries, as_bytes, from_bytes
from services.platform.repository.keyring import KeyRing
from services.platform.repository.layout import id_in, index_prefix, pack_key, pack_prefix
from services.platform.repository.locations import Locations, StoredPack
from services.platform.repository.packs import TRAILER_BYTES, PackCipher, footer_of, key_number_of
from services.platform.repository.sealing import Sealed, seal, unseal

ENTRIES_AT_ONCE: Final = 200_000
"""Entries in one index object: about eight megabytes, held in memory while it is made or read."""
HEAD_BYTES: Final = 16
FOOTERS_AT_ONCE: Final = 16
"""Where many packs have no index, or lie under destroyed keys, they are not looked at one by one."""


class StoredIndex:
    """The index objects and packs of one environment."""

    def __init__(self, store: ObjectStore, ring: KeyRing, new_id: NewId) -> None:
        self._store = store
        self._ring = ring
        self._new_id = new_id
        self._prefix = index_prefix(ring.environment_id)
        self._packs = pack_prefix(ring.environment_id)
        self._damaged = DamagedObjects(store, ring.environment_id)

    async def load(self) -> Locations:
        """Everything anew. What is condemned is read before packs are listed: a pack that is gone is not listed.

        Indexes are listed before packs, too: each of these tells only of packs that are listed, and so may be replaced.
        An index that is damaged or lost costs time: its packs' footers are read instead. A pack that no index tells of
        and whose footer is damaged is one of the unreadable. What lies under a destroyed key is passed over.
        """
        locations = Locations()
        condemned = [place async for place in self._condemned()]
        damaged = [pack_id async for pack_id in self._damaged.packs()]
        locations.indexes = [key async for key in self.keys()]
        await self._list_packs(locations)
        locations.condemn(condemned)
        locations.damage(damaged)
        if not all([await self._take(locations, key) for key in locations.indexes]):
            async for key in self.keys():  # written anew meanwhile
                await self._take(locations, key)
        unindexed = locations.unindexed()
        for start in range(0, len(unindexed), FOOTERS_AT_ONCE):
            async with together() as group:
                for pack_id, size_bytes in unindexed[start : start + FOOTERS_AT_ONCE]:
                    group.create_task(self._take_footer(locations, pack_id, size_bytes))
        return locations

    async def renewed(self, locations: Locations) -> Locations:
        """Everything anew if there is a pack that `locations` does not know; else they themselves, for a listing."""
        async for info in self._store.list(self._packs):
            pack_id = id_in(info.key)
            if pack_id and not locations.knows(pack_id):
                return await self.load()
        return locations

    async def _take_footer(self, locations: Locations, pack_id: UUID, size_bytes: int) -> None:
        try:
            pack = await self.footer(pack_id, size_bytes)
        except PackCorruptError as error:
            locations.set_unreadable(pack_id, error)
            return
        if pack:
            locations.add(pack, footer_only=True)

    async def keys(self) -> AsyncIterator[str]:
        """The keys of all index objects."""
        async for info in self._store.list(self._prefix):
            yield info.key

    async def footer(self, pack_id: UUID, size_bytes: int) -> PackEntries | None:
        """What a pack tells of itself; None when it is gone, or its key destroyed. Raises PackCorruptError."""
        key = pack_key(self._ring.environment_id, pack_id)
        try:
            head = await self._store.get_range(key, 0, HEAD_BYTES)
            number = key_number_of(pack_id, head)
            if self._ring.is_destroyed(number):
                return None
            trailer = await self._store.get_range(key, max(0, size_bytes - TRAILER_BYTES), TRAILER_BYTES)
            count, footer_bytes = footer_of(pack_id, trailer)
            start = size_bytes - TRAILER_BYTES - footer_bytes
            if start < 0:
                raise PackCorruptError(f"the pack {pack_id} is cut short: its footer is longer than all of it")
            footer = await self._store.get_range(key, start, footer_bytes)
        except ObjectNotFoundError:
            return None
        entries = PackCipher(self._ring, pack_id, number).entries(footer, count)
        return PackEntries(pack_id, number, entries)

    async def write(self, told: bytes) -> str:
        """Put an index, as `as_bytes` makes one; returns its key."""
        index_id = self._new_id()
        key = f"{self._prefix}{index_id}"
        sealed = await asyncio.to_thread(seal, self._ring, Sealed.INDEX, key, told, self._new_id())
        await self._store.put(key, sealed)
        return key

    async def merge(self, locations: Locations) -> None:
        """Write the whole index anew, then remove the objects that were read into it, and no others."""
        waiting, count = list[PackEntries](), 0
        for pack in locations.packs():
            waiting.append(pack)
            count += len(pack.entries)
            if count >= ENTRIES_AT_ONCE:
                await self.write(as_bytes(waiting))
                waiting, count = [], 0
        if waiting:
            await self.write(as_bytes(waiting))
        for key in locations.indexes:
            await self._store.delete(key)

    async def _condemned(self) -> AsyncIterator[UUID]:
        async for part in CondemnedObjects(self._store, self._ring.environment_id).parts():
            for place in part.objects:
                if place.startswith("packs/"):
                    yield UUID(place.rpartition("/")[2])

    async def _list_packs(self, locations: Locations) -> None:
        listed = list[StoredPack]()
        async for info in self._store.list(self._packs):
            if pack_id := id_in(info.key):
                listed.append(StoredPack(pack_id, info.size_bytes, info.modified_at))
        locations.add_stored(listed)

    async def _take(self, locations: Locations, key: str) -> bool:
        """Whether the index is there still."""
        try:
            stored = await self._store.get(key)
        except ObjectNotFoundError:
            return False
        try:
            await asyncio.to_thread(self._read, locations, key, stored)
        except KeyDestroyedError:
            pass  # what it tells of cannot be read either
        except RepositoryError as error:
            locations.damaged_indexes[key] = error
        return True

    def _read(self, locations: Locations, key: str, stored: bytes) -> None:
        for pack in from_bytes(unseal(self._ring, Sealed.INDEX, key, stored)):
            locations.add(pack)
