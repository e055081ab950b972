"""Markers of begun backups: what a reclaim waits for (architecture §2.12)."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from services.platform.objectstore import ObjectStore
from services.platform.repository.layout import begun_prefix
from services.platform.repository.manifests import Manifests


class Begun:
    """The markers of one environment."""

    def __init__(self, store: ObjectStore, environment_id: UUID, manifests: Manifests) -> None:
        self._store = store
        self._prefix = begun_prefix(environment_id)
        self._manifests = manifests

    async def put(self, backup_id: UUID) -> None:
        """Mark a backup as begun; again is harmless."""
        await self._store.put(f"{self._prefix}{backup_id}", b"")

    async def undecided(self) -> AsyncIterator[tuple[UUID, datetime]]:
        """Every begun backup that has neither manifest nor tombstone, and when the store took its marker.

        Markers of decided ones are cleared away.
        """
        async for info in self._store.list(self._prefix):
            backup_id = UUID(info.key.removeprefix(self._prefix))
            if await self._manifests.is_decided(backup_id):
                await self._store.delete(info.key)
            else:
                yield backup_id, info.modified_at
