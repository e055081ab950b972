"""Opens the repository that the settings name, and refuses a store that is not safe for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.platform.objectstore import S3ObjectStore, probe
from services.platform.process.ids import NewId
from services.platform.process.settings import RepositorySettings, S3Settings
from services.platform.repository.keys import read_key_file, read_public_key
from services.platform.repository.port import Repository
from services.platform.repository.v2 import RepositoryV2
from services.platform.repository.wraps import Wraps


@asynccontextmanager
async def open_repository(s3: S3Settings, repository: RepositorySettings, new_id: NewId) -> AsyncIterator[Repository]:
    """The repository in a bucket that exists.

    Raises RepositoryKeyError, UnsafeStoreError and StoreRefusedError (a person has to act), StoreUnavailableError
    (the store is not there yet).
    """
    master = read_key_file(repository.key_file)
    recovery = read_public_key(repository.recovery_key_file) if repository.recovery_key_file else None
    async with S3ObjectStore.open(s3) as store:
        await probe(store, new_id())
        wraps = Wraps(store, master, recovery)
        await wraps.verify()
        yield RepositoryV2(store, master, new_id, wraps)


@asynccontextmanager
async def open_for_reading(s3: S3Settings, repository: RepositorySettings) -> AsyncIterator[Repository]:
    """The repository for who only reads: the store need not be there yet, and what it cannot do harms nobody.

    Raises RepositoryKeyError.
    """
    master = read_key_file(repository.key_file)
    async with S3ObjectStore.open(s3) as store:
        yield RepositoryV2(store, master)
