"""Manifests and tombstones: the conditional put that decides about a backup, and how a decision is read.

A manifest is given with the chain that its dump has now (see `chains`); its hash is that of the stored bytes.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from contracts.manifest import FIRST_VERSION, Manifest, ManifestError, Tombstone, UnknownManifestError, parse, serialize
from services.platform.objectstore import AlreadyExistsError, ObjectChangedError, ObjectNotFoundError, ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.chains import ENDING, Chains, OpenKeys, depends, is_chain, with_chain
from services.platform.repository.errors import (
    ContentCorruptError,
    KeyDestroyedError,
    ManifestCorruptError,
    ManifestMissingError,
    ManifestStandsError,
    NewerManifestError,
    NewerSealError,
    RepositoryError,
    RepositoryKeyError,
    SealBrokenError,
)
from services.platform.repository.hashing import keyed_hash
from services.platform.repository.keys import EnvironmentKeys
from services.platform.repository.layout import manifest_key, manifest_prefix
from services.platform.repository.names import name_of
from services.platform.repository.port import Verdict
from services.platform.repository.sealing import Sealed, is_sealed, seal, unseal


class Manifests:
    """The decisions about one environment's backups."""

    def __init__(  # noqa: PLR0913 -- one for each thing that they stand on
        self,
        store: ObjectStore,
        environment_id: UUID,
        first_keys: EnvironmentKeys,
        new_id: NewId,
        *,
        known: OpenKeys,
        to_write: OpenKeys,
    ) -> None:
        self._store = store
        self._environment_id = environment_id
        self._first_keys = first_keys
        self._known = known
        self._to_write = to_write
        self._new_id = new_id
        self.chains = Chains(store, environment_id, new_id, known=known, to_write=to_write)

    def key(self, backup_id: UUID) -> str:
        """Where the decision about a backup is."""
        return manifest_key(self._environment_id, backup_id)

    async def decide(self, entry: Manifest | Tombstone) -> Verdict:
        """Put `entry`, or adopt what somebody else put there first (architecture §2.11)."""
        if entry.environment_id != self._environment_id:
            raise ValueError("a manifest belongs into its own environment's repository")
        key = self.key(entry.backup_id)
        data = await self._as_stored(key, entry)
        try:
            await self._store.put(key, data, only_if_absent=True)
        except AlreadyExistsError:
            return await self._read(key)
        return Verdict(entry, key, await self._hash(data))

    async def _as_stored(self, key: str, entry: Manifest | Tombstone) -> bytes:
        """A tombstone is not sealed: it must be readable when an environment's keys are gone."""
        if isinstance(entry, Tombstone):
            return serialize(entry)
        return seal(await self._to_write(), Sealed.MANIFEST, key, serialize(entry), self._new_id())

    async def verdict(self, backup_id: UUID) -> Verdict | None:
        """What was decided; None while nothing was. A chain that cannot be read keeps nobody from the backup."""
        try:
            verdict = await self._read(self.key(backup_id))
        except ObjectNotFoundError:
            return None
        with suppress(RepositoryError):
            return await self._as_now(verdict)
        return verdict

    async def is_decided(self, backup_id: UUID) -> bool:
        """Whether anything was, which need not be readable any more."""
        try:
            return await self.verdict(backup_id) is not None
        except KeyDestroyedError:
            return True

    async def read(self, backup_id: UUID, expected_hash: str | None) -> Manifest:
        """See EnvironmentRepository.read_manifest."""
        verdict = await self.verdict(backup_id)
        if verdict is None or verdict.manifest is None:
            found = "a tombstone" if verdict else "nothing"
            raise ManifestMissingError(f"there is no backup {backup_id}: {found} at {self.key(backup_id)}")
        if expected_hash is not None and verdict.hash != expected_hash:
            raise ManifestCorruptError(f"the manifest of {backup_id} is not the one that was written: its hash differs")
        return verdict.manifest

    async def erase(self, tombstone: Tombstone) -> None:
        """See EnvironmentRepository.erase_manifest."""
        key = self.key(tombstone.backup_id)
        while await self._stands(tombstone):
            etag = (await self._store.head(key)).etag
            if not await self._stands(tombstone):
                return
            with suppress(ObjectChangedError):  # somebody else erases it too
                await self._store.replace(key, serialize(tombstone), etag=etag)
                return

    async def _stands(self, tombstone: Tombstone) -> bool:
        """Whether a manifest is in its place, be it one that nobody can open; where nothing is, it is put."""
        try:
            return (await self.decide(tombstone)).manifest is not None
        except NewerManifestError:
            raise
        except RepositoryError:  # damaged, or its key is gone: no reason to keep for ever what is to be deleted
            return True

    async def remove_tombstone(self, backup_id: UUID) -> None:
        """See EnvironmentRepository."""
        verdict = await self.verdict(backup_id)
        if verdict is None:
            return
        if verdict.manifest:
            raise ManifestStandsError(f"the backup {backup_id} exists: only a tombstone is removed")
        await self._store.delete(verdict.key)

    async def places(self) -> AsyncIterator[str]:
        """Where every decision is, in no order."""
        async for info in self._store.list(manifest_prefix(self._environment_id)):
            if not is_chain(info.key):
                yield info.key

    async def at(self, key: str) -> Verdict:
        """The decision at a key. Raises ObjectNotFoundError, ManifestCorruptError, RepositoryKeyError."""
        return await self._as_now(await self._read(key))

    async def known(self, backup_id: UUID) -> Manifest | None:
        """A backup's manifest; None where there is none, and where it was shredded. Raises as `at` else."""
        with suppress(ObjectNotFoundError, KeyDestroyedError):
            return (await self.at(self.key(backup_id))).manifest
        return None

    async def without_chain(self, key: str) -> Verdict:
        """The same of a backup whose chain cannot be read. Raises as `at`."""
        verdict = await self._read(key)
        return replace(verdict, decided=with_chain(verdict.manifest, None)) if verdict.manifest else verdict

    async def all(self) -> AsyncIterator[Verdict]:
        """Every decision, in no order; a manifest that was shredded and not yet buried is none any more."""
        for key in [key async for key in self.places()]:
            with suppress(ObjectNotFoundError, KeyDestroyedError):  # the first: a tombstone that was removed meanwhile
                yield await self.at(key)

    async def clear_chains(self) -> None:
        """Remove the chains of backups that are gone."""
        async for info in self._store.list(manifest_prefix(self._environment_id)):
            if is_chain(info.key) and await self._is_gone(info.key.removesuffix(ENDING)):
                await self._store.delete(info.key)

    async def _is_gone(self, key: str) -> bool:
        try:
            return (await self._read(key)).manifest is None
        except ObjectNotFoundError:
            return True
        except KeyDestroyedError:  # nothing can be read of it, and its tombstone comes
            return False

    async def _as_now(self, verdict: Verdict) -> Verdict:
        manifest = verdict.manifest
        if manifest is None or not depends(manifest):
            return verdict
        chain = await self.chains.read(manifest.backup_id)
        return replace(verdict, decided=with_chain(manifest, chain)) if chain else verdict

    async def _read(self, key: str) -> Verdict:
        data = await self._store.get(key)
        try:
            sealed = is_sealed(data)
            entry = parse(unseal(await self._known(), Sealed.MANIFEST, key, data) if sealed else data)
        except (UnknownManifestError, NewerSealError) as error:
            raise NewerManifestError(f"the manifest {key} cannot be read: {error}") from error
        except (ManifestError, SealBrokenError, ContentCorruptError) as error:
            raise ManifestCorruptError(f"the manifest {key} cannot be read: {error}") from error
        if isinstance(entry, Manifest) and sealed == (entry.version == FIRST_VERSION):
            raise ManifestCorruptError(f"the manifest {key} has version {entry.version} in the form of another")
        if self.key(entry.backup_id) != key or entry.environment_id != self._environment_id:
            raise ManifestCorruptError(f"the manifest {key} is another backup's: it says {entry.backup_id}")
        if isinstance(entry, Manifest) and not sealed and entry.key_id != self._first_keys.key_id:
            raise RepositoryKeyError(
                f"the manifest {key} was written under the key {entry.key_id}, ours is {self._first_keys.key_id}: "
                "use the repository key that its backups were made with"
            )
        return Verdict(entry, key, await self._hash(data))

    async def _hash(self, data: bytes) -> str:
        """Of the bytes as they are stored; those of the first format, and of tombstones, as that one had it."""
        if is_sealed(data):
            return name_of((await self._known()).seal_key, data)
        return keyed_hash(self._first_keys.manifest, data)
