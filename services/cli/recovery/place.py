"""Where a repository is and what opens it: a bucket or a directory, and the master key or the recovery key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.errors import PermanentError
from services.platform.process.settings import RepositorySettings, S3Settings
from services.platform.repository import RepositoryV2
from services.platform.repository.keys import read_key_file
from services.platform.repository.master_key import read_master_key
from services.platform.repository.recovering import by_master_key, by_recovery_key


class PlaceError(PermanentError):
    """It was not said where the repository is, or by which key it is opened."""


@dataclass(frozen=True)
class Place:
    """`store` is a directory or a bucket; so is `wraps`, where the wrapped keys are kept apart.

    `key` is a key's file, or the settings that lead to the master key.
    """

    store: Path | S3Settings
    wraps: S3Settings | None
    key: RepositorySettings | Path
    is_recovery_key: bool

    def read_key(self) -> bytes:
        """The key's bytes. Raises RepositoryKeyError."""
        return read_key_file(self.key) if isinstance(self.key, Path) else read_master_key(self.key)


@dataclass(frozen=True)
class Found:
    """An open repository, and where its wrapped keys are."""

    store: ObjectStore
    wraps: ObjectStore
    repository: RepositoryV2


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Found]:
    """The repository at a place, for reading. Raises PlaceError, RepositoryKeyError."""
    key = await asyncio.to_thread(place.read_key)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_store(place.store))
        wraps = await stack.enter_async_context(_store(place.wraps)) if place.wraps else store
        open_by = by_recovery_key if place.is_recovery_key else by_master_key
        yield Found(store, wraps, open_by(store, wraps, key))


@asynccontextmanager
async def _store(where: Path | S3Settings) -> AsyncIterator[ObjectStore]:
    if isinstance(where, S3Settings):
        async with S3ObjectStore.open(where) as bucket:
            yield bucket
        return
    if not await asyncio.to_thread(where.is_dir):
        raise PlaceError(f"{where} is no directory: name the one that has `environments` and `keys` in it")
    yield DirectoryObjectStore(where)
