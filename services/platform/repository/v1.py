"""The first stored format: every content an object, every decision an object (contracts/FORMAT.md)."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from uuid import UUID

from contracts.manifest import Manifest, Tombstone
from services.platform.objectstore import ObjectStore
from services.platform.repository.contents import Contents
from services.platform.repository.hashing import SequenceHasher
from services.platform.repository.keys import environment_keys
from services.platform.repository.manifests import Manifests
from services.platform.repository.port import Hasher, StoredSequence, Verdict


class EnvironmentRepositoryV1:
    """See EnvironmentRepository."""

    def __init__(self, store: ObjectStore, master: bytes, environment_id: UUID) -> None:
        self._environment_id = environment_id
        self._keys = environment_keys(master, environment_id)
        self._contents = Contents(store, environment_id, self._keys.content)
        self._manifests = Manifests(store, environment_id, self._keys)

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


class RepositoryV1:
    """See Repository."""

    def __init__(self, store: ObjectStore, master: bytes) -> None:
        self._store = store
        self._master = master

    def of(self, environment_id: UUID) -> EnvironmentRepositoryV1:
        """The repository of one environment."""
        return EnvironmentRepositoryV1(self._store, self._master, environment_id)
