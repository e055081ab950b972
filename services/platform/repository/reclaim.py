"""Condemn, wait, mark again, remove (architecture §2.12): content that no backup needs gives its room back."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from contracts.condemned import Condemnation
from contracts.defaults import CONDEMNED_HOURS
from contracts.manifest import Manifest
from services.platform.objectstore import ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.begun import Begun
from services.platform.repository.condemned import CondemnedObjects, told
from services.platform.repository.errors import RemovalTooEarlyError
from services.platform.repository.layout import content_prefix, prefix
from services.platform.repository.manifests import Manifests
from services.platform.repository.mark import Mark
from services.platform.repository.port import Condemned, Reclaimed

References = Callable[[Manifest], AsyncIterator[Sequence[str]]]
"""Every name that a manifest refers to, in batches."""
REMOVE_AFTER = timedelta(hours=CONDEMNED_HOURS)


class Reclaim:
    """The space of one environment."""

    def __init__(
        self, store: ObjectStore, environment_id: UUID, manifests: Manifests, references: References, new_id: NewId
    ) -> None:
        self._store = store
        self._environment_id = environment_id
        self._manifests = manifests
        self._references = references
        self._new_id = new_id
        self._begun = Begun(store, environment_id, manifests)
        self._condemned = CondemnedObjects(store, environment_id)

    async def condemn(self, mark_id: UUID, now: datetime) -> Condemned:
        """See EnvironmentRepository."""
        done = await self._condemned.condemnation(mark_id)
        return told(done or await self._condemn(mark_id, now))

    async def _condemn(self, mark_id: UUID, now: datetime) -> Condemnation:
        publishing = self._condemned.publish(mark_id, self._new_id)
        async with Mark.open() as live:
            await self._mark(live)
            async for info in self._store.list(content_prefix(self._environment_id)):
                if not live.has(_name(info.key)):
                    await publishing.add(info.key.removeprefix(prefix(self._environment_id)), info.size_bytes)
        await publishing.flush()
        # Only now: a backup that begins later finds all of it condemned.
        waits_for = tuple([backup_id async for backup_id in self._begun.undecided()])
        return await publishing.complete(now, waits_for)

    async def remove(self, mark_id: UUID, now: datetime) -> Reclaimed:
        """See EnvironmentRepository.remove_condemned."""
        done = await self._condemned.condemnation(mark_id)
        if done is None:
            return Reclaimed(0, 0, 0)
        await self._refuse_early(done, now)
        removed = size_bytes = 0
        async with Mark.open() as live:
            await self._mark(live)
            async for part in self._condemned.parts(mark_id):
                for place in part.objects:
                    if not live.has(_name(place)):
                        size_bytes += await self._remove(prefix(self._environment_id) + place)
                        removed += 1
        await self._condemned.forget(mark_id)
        return Reclaimed(size_bytes, removed, removed)

    async def _refuse_early(self, done: Condemnation, now: datetime) -> None:
        if now < done.condemned_at + REMOVE_AFTER:
            raise RemovalTooEarlyError(f"condemned content is removed from {done.condemned_at + REMOVE_AFTER} on")
        for backup_id in done.waits_for:
            if await self._manifests.verdict(backup_id) is None:
                raise RemovalTooEarlyError(f"the backup {backup_id} had begun before and has not ended")

    async def _mark(self, live: Mark) -> None:
        """A manifest that cannot be read ends it: what it refers to is not known."""
        async for verdict in self._manifests.all():
            if verdict.manifest:
                async for names in self._references(verdict.manifest):
                    await live.add(names)

    async def _remove(self, key: str) -> int:
        sizes = [info.size_bytes async for info in self._store.list(key) if info.key == key]
        await self._store.delete(key)
        return sum(sizes)


def _name(key: str) -> str:
    return key.rpartition("/")[2][:64]
