"""Proves, before anything relies on it, that exactly one conditional put wins in a store (architecture §2.11)."""

import asyncio
from typing import Final
from uuid import UUID

from services.platform.objectstore.errors import AlreadyExistsError, UnsafeStoreError
from services.platform.objectstore.port import ObjectStore

RACERS: Final = 8
"""Puts at once: a server that looks first and writes afterwards lets several of so many through."""
PREFIX: Final = "probe"


async def probe(store: ObjectStore, probe_id: UUID) -> None:
    """Race for one key; exactly one wins, and it stays the winner's.

    Raises UnsafeStoreError when the store does not keep to that: nothing may be backed up there.
    """
    key = f"{PREFIX}/{probe_id}"
    try:
        winners = [name for name in await asyncio.gather(*(_race(store, key, n) for n in range(RACERS))) if name]
        await _late_put_is_refused(store, key)
        _refuse_unless(len(winners) == 1, f"{len(winners)} of {RACERS} conditional puts at once succeeded")
        _refuse_unless(await store.get(key) == winners[0], "a conditional put that was refused changed the object")
    finally:
        await store.delete(key)


async def _race(store: ObjectStore, key: str, number: int) -> bytes | None:
    name = f"racer {number}".encode()
    try:
        await store.put(key, name, only_if_absent=True)
    except AlreadyExistsError:
        return None
    return name


async def _late_put_is_refused(store: ObjectStore, key: str) -> None:
    late = await _race(store, key, RACERS)
    _refuse_unless(late is None, "a conditional put succeeded although the object was there")


def _refuse_unless(holds: bool, what: str) -> None:  # noqa: FBT001 -- the sentence beside it says what it is
    if not holds:
        raise UnsafeStoreError(
            f"this object store is not safe: {what}. Use one that honours If-None-Match (AWS S3, SeaweedFS ≥ 4)"
        )
