"""Which keys there are, and their replacement: the same data keys under another master key, or new data keys."""

from collections.abc import AsyncIterator
from uuid import UUID

from pydantic import BaseModel

from services.cli.recovery.inventory import is_id
from services.cli.recovery.place import Found
from services.platform.repository.layout import KEYS
from services.platform.repository.wraps import Wraps, numbers_of, wraps_of


class WrappedKeys(BaseModel):
    """The data keys of one environment: how many, by which master keys, and whether the recovery key opens all.

    `destroyed` are those that were, for good.
    """

    environment_id: UUID
    count: int
    master_ids: list[str]
    recoverable: bool
    destroyed: int = 0


async def listed(found: Found) -> list[WrappedKeys]:
    """The keys of all environments; no key is opened for it. Raises RepositoryKeyError."""
    return [await _told(found, each) async for each in _environments(found)]


async def rewrap(found: Found, master: bytes, recovery: bytes | None, old_master: bytes) -> list[WrappedKeys]:
    """Wrap all data keys by `master`. Interrupted, it is run again. Raises RepositoryKeyError, UnsafeStoreError."""
    wraps = Wraps(found.wraps, master, recovery)
    for each in [each async for each in _environments(found)]:
        await wraps.rewrap(each, old_master)
    return await listed(found)


async def rotate(found: Found, master: bytes, recovery: bytes | None, environment_id: UUID | None) -> list[WrappedKeys]:
    """Have what is written from now on lie under new data keys. Raises RepositoryKeyError, UnsafeStoreError."""
    wraps = Wraps(found.wraps, master, recovery)
    wanted = [environment_id] if environment_id else [each async for each in _environments(found)]
    for each in wanted:
        if await wraps.ring(each) is None:  # a key of another master key is no one to go on from
            await wraps.verify()  # where it has none, those of others tell
        await wraps.add(each)
    return [await _told(found, each) for each in wanted]


async def _environments(found: Found) -> AsyncIterator[UUID]:
    async for name in found.wraps.names(KEYS):
        if is_id(name):
            yield UUID(name)


async def _told(found: Found, environment_id: UUID) -> WrappedKeys:
    wraps = await wraps_of(found.wraps, environment_id)
    numbers = await numbers_of(found.wraps, environment_id)
    return WrappedKeys(
        environment_id=environment_id,
        count=len(wraps),
        master_ids=sorted({wrap.master_id for wrap in wraps}),
        recoverable=all(wrap.by_recovery for wrap in wraps),
        destroyed=numbers.start,
    )
