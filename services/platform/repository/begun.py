"""Markers of begun backups: what a reclaim waits for (architecture §2.12)."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.repository.layout import begun_prefix, id_in
from services.platform.repository.manifests import Manifests


class Begun:
    """The markers of one environment."""

    def __init__(self, store: ObjectStore, environment_id: UUID, manifests: Manifests) -> None:
        self._store = store
        self._prefix = begun_prefix(environment_id)
        self._manifests = manifests

    async def put(self, backup_id: UUID) -> None:
        """Mark a backup as begun; again is harmless."""
        await self._store.put(self._key(backup_id), b"")

    async def forget(self, backup_id: UUID) -> None:
        """Remove the marker of a decided backup: before its tombstone goes, without which it would look undecided."""
        await self._store.delete(self._key(backup_id))

    async def is_under_way(self, backup_id: UUID) -> bool:
        """Whether a backup that had begun may still come to its end: one whose marker has gone was decided long ago."""
        if await self._manifests.is_decided(backup_id):
            return False
        with suppress(ObjectNotFoundError):
            await self._store.head(self._key(backup_id))
            return True
        return False

    async def marked(self) -> AsyncIterator[tuple[UUID, datetime]]:
        """Every backup that has a marker, and when the store took it: none that is undecided is missing."""
        async for info in self._store.list(self._prefix):
            if backup_id := id_in(info.key):
                yield backup_id, info.modified_at

    async def undecided(self) -> AsyncIterator[tuple[UUID, datetime]]:
        """Those that have neither manifest nor tombstone. Markers of decided ones go, as soon as that is listed."""
        listed = {key async for key in self._manifests.places()}
        async for backup_id, began_at in self.marked():
            if await self.is_under_way(backup_id):
                yield backup_id, began_at
            elif self._manifests.key(backup_id) in listed:
                await self._store.delete(self._key(backup_id))

    def _key(self, backup_id: UUID) -> str:
        return f"{self._prefix}{backup_id}"
