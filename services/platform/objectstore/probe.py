"""Proves, before anything relies on it, that exactly one conditional put wins in a store (architecture §2.11)."""

import asyncio
import re
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.platform.objectstore.errors import AlreadyExistsError, UnsafeStoreError
from services.platform.objectstore.port import ObjectStore
from services.platform.process.together import together

RACES: Final = 8
"""At once, of two each: a server that looks first and writes afterwards lets both through in one of so many.

Not one race of many: SeaweedFS has whoever finds a key locked ask again a second later, so that eight take five.
"""
PREFIX: Final = "probe"
FIRST, SECOND, LATE = b"first racer", b"second racer", b"late"
OURS: Final = re.compile(rf"{PREFIX}/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}/[0-9]+")
LEFT_FOR: Final = timedelta(hours=1)
"""Far longer than a probe takes."""


async def probe(store: ObjectStore, probe_id: UUID) -> None:
    """Race for keys, two for each; exactly one wins, and it stays the winner's.

    Raises UnsafeStoreError when the store does not keep to that: nothing may be backed up there. What a probe that was
    killed has left goes with the next that comes an hour later.
    """
    keys = [f"{PREFIX}/{probe_id}/{number}" for number in range(RACES)]
    try:
        async with together() as group:
            for key in keys:
                group.create_task(_race(store, key))
        await _remove_left(store, keys[0])
    finally:
        await asyncio.gather(*(store.delete(key) for key in keys))


async def _remove_left(store: ObjectStore, own: str) -> None:
    """By the store's own clock, which alone says how old something is; what else lies there is somebody else's."""
    now = (await store.head(own)).modified_at
    async for info in store.list(f"{PREFIX}/"):
        if OURS.fullmatch(info.key) and info.modified_at < now - LEFT_FOR:
            await store.delete(info.key)


async def _race(store: ObjectStore, key: str) -> None:
    outcomes = await asyncio.gather(_put(store, key, FIRST), _put(store, key, SECOND))
    winners = [name for name in outcomes if name]
    _refuse_unless(len(winners) == 1, f"{len(winners)} of {len(outcomes)} conditional puts at once succeeded")
    late = await _put(store, key, LATE)
    _refuse_unless(late is None, "a conditional put succeeded although the object was there")
    _refuse_unless(await store.get(key) == winners[0], "a conditional put that was refused changed the object")


async def _put(store: ObjectStore, key: str, name: bytes) -> bytes | None:
    try:
        await store.put(key, name, only_if_absent=True)
    except AlreadyExistsError:
        return None
    return name


def _refuse_unless(holds: bool, what: str) -> None:  # noqa: FBT001 -- the sentence beside it says what it is
    if not holds:
        raise UnsafeStoreError(
            f"this object store is not safe: {what}. Use one that honours If-None-Match (AWS S3, SeaweedFS ≥ 4)"
        )
