"""The chains that stand in the place of those in manifests, where a dump was stored anew (contracts/FORMAT.md).

They lie among the manifests: a release that does not know them takes one for a manifest that it cannot read, and then
removes nothing.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

from contracts.manifest import DumpChain, Manifest, ManifestError
from contracts.rewritten import RewrittenChain, parse_chain
from services.platform.objectstore import AlreadyExistsError, ObjectChangedError, ObjectNotFoundError, ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.errors import (
    ChainChangedError,
    ChainCorruptError,
    ContentCorruptError,
    SealBrokenError,
)
from services.platform.repository.keyring import KeyRing
from services.platform.repository.layout import manifest_key
from services.platform.repository.sealing import Sealed, seal, unseal

ENDING: Final = ".chain"
"""Behind the key of the manifest."""

OpenKeys = Callable[[], Awaitable[KeyRing]]


class Chains:
    """The rewritten chains of one environment."""

    def __init__(
        self, store: ObjectStore, environment_id: UUID, new_id: NewId, *, known: OpenKeys, to_write: OpenKeys
    ) -> None:
        self._store = store
        self._environment_id = environment_id
        self._new_id = new_id
        self._known = known
        self._to_write = to_write

    async def read(self, backup_id: UUID) -> DumpChain | None:
        """The chain of a backup, where it was rewritten. Raises ChainCorruptError, KeyDestroyedError."""
        key = self._key(backup_id)
        try:
            found = parse_chain(unseal(await self._known(), Sealed.CHAIN, key, await self._store.get(key)))
        except ObjectNotFoundError:
            return None
        except (ManifestError, SealBrokenError, ContentCorruptError) as error:
            raise ChainCorruptError(key, f"cannot be read: {error}") from error
        if (found.backup_id, found.environment_id) != (backup_id, self._environment_id):
            raise ChainCorruptError(key, f"is another backup's: it says {found.backup_id}")
        return found.chain

    async def etag(self, backup_id: UUID) -> str | None:
        """Which one is there; None: none."""
        with suppress(ObjectNotFoundError):
            return (await self._store.head(self._key(backup_id))).etag
        return None

    async def put(self, backup_id: UUID, chain: DumpChain, etag: str | None) -> None:
        """Put one in the place of that with this `etag`, or where none is. Raises ChainChangedError."""
        key = self._key(backup_id)
        told = RewrittenChain(backup_id=backup_id, environment_id=self._environment_id, chain=chain)
        data = seal(await self._to_write(), Sealed.CHAIN, key, told.model_dump_json().encode(), self._new_id())
        try:
            if etag is None:
                await self._store.put(key, data, only_if_absent=True)
            else:
                await self._store.replace(key, data, etag=etag)
        except (AlreadyExistsError, ObjectChangedError, ObjectNotFoundError) as error:
            raise ChainChangedError(f"the chain {key} was rewritten by another worker meanwhile") from error

    def _key(self, backup_id: UUID) -> str:
        return manifest_key(self._environment_id, backup_id) + ENDING


def is_chain(key: str) -> bool:
    """Whether a key among the manifests is that of a chain."""
    return key.endswith(ENDING)


def depends(manifest: Manifest) -> bool:
    """Whether a dump is stored against others: only then its chain can have been rewritten."""
    chain = manifest.database.chain
    return chain is not None and bool(chain.full or chain.bases)


def with_chain(manifest: Manifest, chain: DumpChain | None) -> Manifest:
    """The manifest as it is to be understood; None where it is not known what its dump is stored against."""
    return manifest.model_copy(update={"database": manifest.database.model_copy(update={"chain": chain})})
