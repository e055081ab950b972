"""Which keys there are, and their replacement: the same data keys under another master key, or new data keys."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from pydantic import BaseModel

from services.cli.recovery.inventory import environments
from services.cli.recovery.place import Found
from services.platform.process.errors import PermanentError
from services.platform.repository.layout import KEYS, content_prefix, digest_in, id_in
from services.platform.repository.opened import refuse_lost
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


class FirstFormatLeftError(PermanentError):
    """Backups of the first format have no data key of their own: only the old master key opens them."""

    def __init__(self, environment_ids: Sequence[UUID]) -> None:
        super().__init__(
            f"backups of the first format are left in {', '.join(map(str, environment_ids))}, which the old master key"
            " alone opens: wait until they have expired, or delete them, and until their room is reclaimed; or say"
            " --despite-first-format, and they can be read with the old key alone from then on"
        )


async def rewrap(
    found: Found, master: bytes, recovery: bytes | None, old_master: bytes, *, despite_first_format: bool = False
) -> list[WrappedKeys]:
    """Wrap all data keys by `master`. Interrupted, it is run again.

    Raises RepositoryKeyError, UnsafeStoreError, and FirstFormatLeftError unless that is to be as it is.
    """
    if master != old_master and not despite_first_format:
        left = [each for each in await environments(found) if await _has_first_format(found, each)]
        if left:
            raise FirstFormatLeftError(left)
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
        await refuse_lost(found.store, wraps, each)
        await wraps.add(each)
    return [await _told(found, each) for each in wanted]


async def _has_first_format(found: Found, environment_id: UUID) -> bool:
    async for info in found.store.list(content_prefix(environment_id)):
        if digest_in(info.key):
            return True
    return False


async def _environments(found: Found) -> AsyncIterator[UUID]:
    async for name in found.wraps.names(KEYS):
        if environment_id := id_in(name):
            yield environment_id


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
