"""Opens the parcels in the bucket of the repository, under the keys of its environments."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from services.platform.objectstore import S3ObjectStore
from services.platform.parcels.parcels import Parcels
from services.platform.process.ids import NewId
from services.platform.process.settings import RepositorySettings, S3Settings
from services.platform.repository.keys import read_public_key
from services.platform.repository.master_key import read_master_key
from services.platform.repository.wraps import Wraps


@asynccontextmanager
async def open_parcels(
    s3: S3Settings, repository: RepositorySettings, wraps: S3Settings | None, new_id: NewId
) -> AsyncIterator[Parcels]:
    """The parcels; the store need not be there yet. Raises RepositoryKeyError."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(S3ObjectStore.open(s3))
        beside = await stack.enter_async_context(S3ObjectStore.open(wraps)) if wraps else store
        master = await asyncio.to_thread(read_master_key, repository)
        recovery = read_public_key(repository.recovery_key_file) if repository.recovery_key_file else None
        yield Parcels(store, Wraps(beside, master, recovery), new_id)
