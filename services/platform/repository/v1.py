"""The first stored format: every content an object, every decision an object (contracts/FORMAT.md)."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from contracts.manifest import Manifest, Tombstone
from services.platform.objectstore import ObjectStore
from services.platform.process.ids import NewId, random_id
from services.platform.repository.begun import Begun
from services.platform.repository.condemned import CondemnedObjects
from services.platform.repository.contents import Contents
from services.platform.repository.hashing import SequenceHasher
from services.platform.repository.keys import environment_keys
from services.platform.repository.layout import prefix
from services.platform.repository.lists import read_documents
from services.platform.repository.manifests import Manifests
from services.platform.repository.port import Condemned, Hasher, Reclaimed, StoredSequence, Verdict
from services.platform.repository.reclaim import Reclaim


class EnvironmentRepositoryV1:
    """See EnvironmentRepository."""

    def __init__(self, store: ObjectStore, master: bytes, environment_id: UUID, new_id: NewId) -> None:
        self._environment_id = environment_id
        self._keys = environment_keys(master, environment_id)
        self._contents = Contents(store, environment_id, self._keys.content, new_id)
        self._manifests = Manifests(store, environment_id, self._keys)
        self._begun = Begun(store, environment_id, self._manifests)
        self._condemned = CondemnedObjects(store, environment_id)
        self._reclaim = Reclaim(store, environment_id, self._manifests, self._references, new_id)

    @property
    def environment_id(self) -> UUID:
        """Whose it is."""
        return self._environment_id

    @property
    def key_id(self) -> str:
        """Which key its manifests are written under; no secret."""
        return self._keys.key_id

    def hasher(self) -> Hasher:
        """See EnvironmentRepository."""
        return SequenceHasher(self._keys.content)

    async def store(self, pieces: AsyncIterator[bytes]) -> StoredSequence:
        """See EnvironmentRepository."""
        return await self._contents.store(pieces)

    async def store_bytes(self, data: bytes) -> StoredSequence:
        """See EnvironmentRepository."""
        return await self._contents.store_bytes(data)

    def read(self, contents: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """See EnvironmentRepository."""
        return self._contents.read(contents)

    def manifest_key(self, backup_id: UUID) -> str:
        """See EnvironmentRepository."""
        return self._manifests.key(backup_id)

    async def put_manifest(self, manifest: Manifest) -> Verdict:
        """See EnvironmentRepository."""
        return await self._manifests.decide(manifest)

    async def bury(self, tombstone: Tombstone) -> Verdict:
        """See EnvironmentRepository."""
        return await self._manifests.decide(tombstone)

    async def verdict(self, backup_id: UUID) -> Verdict | None:
        """See EnvironmentRepository."""
        return await self._manifests.verdict(backup_id)

    async def read_manifest(self, backup_id: UUID, *, expected_hash: str | None = None) -> Manifest:
        """See EnvironmentRepository."""
        return await self._manifests.read(backup_id, expected_hash)

    def manifests(self) -> AsyncIterator[Verdict]:
        """See EnvironmentRepository."""
        return self._manifests.all()

    async def begin_backup(self, backup_id: UUID) -> None:
        """See EnvironmentRepository."""
        await self._begun.put(backup_id)
        objects = [place async for part in self._condemned.parts() for place in part.objects]
        self._contents.avoid(frozenset(prefix(self._environment_id) + place for place in objects))

    async def unusable(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """See EnvironmentRepository."""
        return self._contents.avoided(names)

    async def erase_manifest(self, tombstone: Tombstone) -> None:
        """See EnvironmentRepository."""
        await self._manifests.erase(tombstone)

    async def remove_tombstone(self, backup_id: UUID) -> None:
        """See EnvironmentRepository."""
        await self._manifests.remove_tombstone(backup_id)

    async def condemn(self, mark_id: UUID, now: datetime) -> Condemned:
        """See EnvironmentRepository."""
        return await self._reclaim.condemn(mark_id, now)

    async def remove_condemned(self, mark_id: UUID, now: datetime) -> Reclaimed:
        """See EnvironmentRepository."""
        return await self._reclaim.remove(mark_id, now)

    async def _references(self, manifest: Manifest) -> AsyncIterator[Sequence[str]]:
        files = manifest.files
        yield (
            *manifest.database.contents,
            *files.listing.contents,
            *(files.dangling.contents if files.dangling else ()),
        )
        async for lines in read_documents(self, files.listing):
            yield [name for line in lines for name in line.contents]


class RepositoryV1:
    """See Repository."""

    def __init__(self, store: ObjectStore, master: bytes, new_id: NewId = random_id) -> None:
        self._store = store
        self._master = master
        self._new_id = new_id

    def of(self, environment_id: UUID) -> EnvironmentRepositoryV1:
        """The repository of one environment."""
        return EnvironmentRepositoryV1(self._store, self._master, environment_id, self._new_id)
