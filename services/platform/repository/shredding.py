"""Makes all backups of an environment unreadable for good: its data keys go (contracts/FORMAT.md, "Shredding").

Every call may be repeated. One that comes late, from a worker that was paused, harms nothing: numbers of keys are never
used again, and what lies under a later one is left alone.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.manifest import ManifestError, Tombstone, parse, serialize
from services.platform.objectstore import (
    KeepsVersions,
    ObjectChangedError,
    ObjectNotFoundError,
    ObjectStore,
    UnsafeStoreError,
)
from services.platform.repository.errors import SealBrokenError
from services.platform.repository.layout import content_prefix, id_in, manifest_prefix, pack_prefix
from services.platform.repository.moving import Moves, unheard
from services.platform.repository.sealing import is_sealed, key_number_of
from services.platform.repository.wraps import DataKeys

Stone = Callable[[UUID], Tombstone]
"""Makes the tombstone of a backup."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What the store still holds of content that nobody can read: packs, until they are reclaimed, and their bytes."""

    packs: int
    bytes: int


class Shredding:
    """The parts of it, in their order; `moved` hears that the work goes on."""

    def __init__(self, store: ObjectStore, wraps: DataKeys, environment_id: UUID, moved: Moves = unheard) -> None:
        self._store = store
        self._wraps = wraps
        self._environment_id = environment_id
        self._moved = moved

    async def keys(self) -> range:
        """The numbers of the data keys that there are.

        Raises UnsafeStoreError where contents of the first format, which no key protects, would live on as versions.
        """
        if isinstance(self._store, KeepsVersions) and await self._store.keeps_old_versions():
            async for _ in self._store.list(content_prefix(self._environment_id)):
                raise UnsafeStoreError(
                    f"the bucket {self._store.bucket} keeps old versions, and contents of the first format lie in it "
                    f"in the clear: remove all versions below {content_prefix(self._environment_id)} first"
                )
        return await self._wraps.numbers(self._environment_id)

    async def destroy_keys(self, numbers: range, now: datetime) -> None:
        """From here on nothing opens what lies under these. Raises UnsafeStoreError where old wraps would live on."""
        await self._wraps.destroy(self._environment_id, numbers, now)

    async def bury(self, stone: Stone, below: int) -> int:
        """Put a tombstone in the place of every manifest under a data key `below`, and of the first format's.

        None is opened for it; damaged ones go as well. Returns how many tombstones there are now.
        """
        count = 0
        async for info in self._store.list(manifest_prefix(self._environment_id)):
            self._moved()
            backup_id = id_in(info.key)
            if backup_id is not None:
                with suppress(ObjectNotFoundError):  # a tombstone that was removed meanwhile
                    count += await self._bury(info.key, stone(backup_id), below)
        return count

    async def _bury(self, key: str, stone: Tombstone, below: int) -> bool:
        while True:
            etag = (await self._store.head(key)).etag
            stored = await self._store.get(key)
            if _is_tombstone(stored):
                return True
            if _lasts(stored, below):
                return False
            with suppress(ObjectChangedError):  # somebody else erases it too
                await self._store.replace(key, serialize(stone), etag=etag)

    async def remove_first_format(self) -> int:
        """Remove the contents of the first format: keys do not protect them. Returns how many objects there were."""
        count = 0
        async for info in self._store.list(content_prefix(self._environment_id)):
            self._moved()
            await self._store.delete(info.key)
            count += 1
        return count

    async def remains(self) -> Remains:
        """What is left until it is reclaimed."""
        packs = size_bytes = 0
        async for info in self._store.list(pack_prefix(self._environment_id)):
            self._moved()
            packs += 1
            size_bytes += info.size_bytes
        return Remains(packs, size_bytes)


def _is_tombstone(stored: bytes) -> bool:
    with suppress(ManifestError):
        return not is_sealed(stored) and isinstance(parse(stored), Tombstone)
    return False


def _lasts(stored: bytes, below: int) -> bool:
    """Whether it was written since, under a later key."""
    with suppress(SealBrokenError):
        return is_sealed(stored) and key_number_of(stored) >= below
    return False
