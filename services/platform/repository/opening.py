"""Opens the bucket that the settings name, and refuses a store that is not safe for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.platform.objectstore import probe
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.ids import NewId, random_id
from services.platform.process.settings import RepositorySettings, S3Settings
from services.platform.repository.keys import read_public_key
from services.platform.repository.master_key import read_master_key
from services.platform.repository.old_versions import refuse_old_versions
from services.platform.repository.port import Repository
from services.platform.repository.v2 import RepositoryV2
from services.platform.repository.wraps import Wraps


@dataclass(frozen=True)
class Bucket:
    """Where the backups of all environments lie, and their wrapped keys: opened once for all that stands on both."""

    store: S3ObjectStore
    wraps: Wraps

    def repository(self, new_id: NewId = random_id) -> Repository:
        """The repository in it."""
        return RepositoryV2(self.store, self.wraps.master, new_id, self.wraps)


@asynccontextmanager
async def open_bucket(
    s3: S3Settings, repository: RepositorySettings, wraps: S3Settings | None, new_id: NewId
) -> AsyncIterator[Bucket]:
    """A bucket that exists; the wrapped keys in another one, if that is named.

    Raises RepositoryKeyError, UnsafeStoreError and StoreRefusedError (a person has to act), StoreUnavailableError
    (the store is not there yet).
    """
    async with _stores(s3, wraps) as (store, beside):
        await probe(store, new_id())
        await refuse_old_versions(beside)
        kept = await _wraps(beside, repository)
        await kept.verify()
        yield Bucket(store, kept)


@asynccontextmanager
async def open_bucket_unseen(
    s3: S3Settings, repository: RepositorySettings, wraps: S3Settings | None
) -> AsyncIterator[Bucket]:
    """A bucket whose backups are only read: it need not be there yet, and what it cannot do harms nobody.

    Where a wrap is written after all, that looks whether the bucket is safe for it, and whoever asks verifies the keys.

    Raises RepositoryKeyError.
    """
    async with _stores(s3, wraps) as (store, beside):
        yield Bucket(store, await _wraps(beside, repository))


@asynccontextmanager
async def _stores(s3: S3Settings, wraps: S3Settings | None) -> AsyncIterator[tuple[S3ObjectStore, S3ObjectStore]]:
    """The store of the repository and that of its wrapped keys; where both are one, the driver opens it once."""
    async with S3ObjectStore.open(s3) as store:
        if wraps is None:
            yield store, store
            return
        async with S3ObjectStore.open(wraps) as beside:
            yield store, beside


async def _wraps(store: S3ObjectStore, repository: RepositorySettings) -> Wraps:
    master = await asyncio.to_thread(read_master_key, repository)
    recovery = read_public_key(repository.recovery_key_file) if repository.recovery_key_file else None
    return Wraps(store, master, recovery)
