"""Where an environment's data keys lie, wrapped, and how they are destroyed.

They lie in a store of their own if one is given, since a bucket that keeps old versions keeps destroyed keys.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from secrets import token_bytes
from typing import Annotated, Final, Protocol
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from services.platform.objectstore import (
    AlreadyExistsError,
    KeepsVersions,
    ObjectChangedError,
    ObjectNotFoundError,
    ObjectStore,
)
from services.platform.process.together import together
from services.platform.repository.errors import RepositoryKeyError, WrapDamagedError
from services.platform.repository.keyring import KEY_BYTES, KeyRing
from services.platform.repository.layout import KEYS, key_prefix
from services.platform.repository.old_versions import refuse_old_versions
from services.platform.repository.wrapping import DestroyedKey, Wrap, master_id, refuse_another, unwrapped, wrapped

VERIFIED_AT_ONCE: Final = 20
"""A service that starts does not wait for them one by one."""
Unwrap = Callable[[Wrap], bytes]
_entries: Final[TypeAdapter[Wrap | DestroyedKey]] = TypeAdapter(
    Annotated[Wrap | DestroyedKey, Field(discriminator="format")]
)


class DataKeys(Protocol):
    """Where a repository has its data keys from."""

    async def ring(self, environment_id: UUID) -> KeyRing | None:
        """An environment's keys; None before the first. Raises RepositoryKeyError."""
        ...

    async def add(self, environment_id: UUID) -> None:
        """Make the next one.

        Raises RepositoryKeyError where nothing may be written, UnsafeStoreError where an old version would live on.
        """
        ...

    async def numbers(self, environment_id: UUID) -> range:
        """From the first that was not destroyed to the newest, damaged ones and gaps among them."""
        ...

    async def destroy(self, environment_id: UUID, numbers: range, now: datetime) -> None:
        """Leave nothing of these, and of all before them, from which they could be had, by whatever key.

        Again is harmless, however late. Raises UnsafeStoreError where an old version would live on, RepositoryKeyError
        where nothing may be written, and where something lies among them that is no destroyed key's stone.
        """
        ...


class Wraps:
    """The wrapped data keys of all environments."""

    def __init__(self, store: ObjectStore, master: bytes, recovery: bytes | None = None) -> None:
        self.master: Final = master
        self._store = store
        self._recovery = recovery

    async def ring(self, environment_id: UUID) -> KeyRing | None:
        """An environment's keys; None before the first. Raises RepositoryKeyError."""
        return await ring_of(self._store, environment_id, lambda wrap: unwrapped(self.master, wrap))

    async def verify(self) -> None:
        """Raises RepositoryKeyError when keys that are there are wrapped by another master key, and be it some of them.

        Those are what a rewrap that was broken off has left. A damaged one is told where its environment is opened.
        """
        room = asyncio.Semaphore(VERIFIED_AT_ONCE)
        async with together() as group:
            async for info in self._store.list(KEYS):
                await room.acquire()
                group.create_task(self._verify(info.key, room))

    async def _verify(self, key: str, room: asyncio.Semaphore) -> None:
        try:
            stored = await self._store.get(key)
        finally:
            room.release()
        with suppress(WrapDamagedError):
            found = _parsed(key, stored)
            if isinstance(found, Wrap):
                refuse_another(self.master, found)

    async def add(self, environment_id: UUID) -> None:
        """Write under a new data key from now on; what lies under earlier ones stays readable.

        Raises WrapDamagedError where one is gone from among them: its number is not to be had by another.
        """
        known = await self.numbers(environment_id)  # first: what is added meanwhile is no gap
        number = len(await _all(self._store, environment_id))
        if number < known.stop:
            raise WrapDamagedError(_key(environment_id, number), "is gone")
        await self._add(environment_id, number)

    async def numbers(self, environment_id: UUID) -> range:
        """See DataKeys."""
        return await numbers_of(self._store, environment_id)

    async def destroy(self, environment_id: UUID, numbers: range, now: datetime) -> None:
        """See DataKeys: a wrap is written over, and only where it is still what was looked at."""
        await self._refuse_unsafe()
        for number in range(numbers.stop):
            await self._destroy(DestroyedKey(environment_id=environment_id, number=number, destroyed_at=now))
        await self._refuse_left(environment_id, numbers.stop)

    async def _refuse_left(self, environment_id: UUID, below: int) -> None:
        """Success is told of what is there, not of what was written: a key may lie where none belongs."""
        prefix = key_prefix(environment_id)
        async for info in self._store.list(prefix):
            if not (_is_later(info.key.removeprefix(prefix), below) or await _is_destroyed(self._store, info.key)):
                raise RepositoryKeyError(
                    f"a data key may be left at {info.key}, where no wrapped key belongs: remove it, and shred again"
                )

    async def _destroy(self, stone: DestroyedKey) -> None:
        key = _key(stone.environment_id, stone.number)
        while not await _is_destroyed(self._store, key):
            with suppress(ObjectChangedError, AlreadyExistsError):  # somebody else destroys it too
                try:
                    info = await self._store.head(key)
                except ObjectNotFoundError:
                    await self._store.put(key, _as_bytes(stone), only_if_absent=True)
                else:
                    await self._store.replace(key, _as_bytes(stone), etag=info.etag)

    async def rewrap(self, environment_id: UUID, old_master: bytes) -> None:
        """Wrap the same keys by another master key, and by the recovery key if there is one; else that wrap stays.

        Nothing else is written anew; again is harmless. A key that is destroyed meanwhile stays so. Raises
        RepositoryKeyError for keys of neither master key, UnsafeStoreError where the old wraps would live on.
        """
        await self._refuse_unsafe()
        for wrap in await wraps_of(self._store, environment_id):
            if wrap.master_id == master_id(old_master):
                await self._rewrap(_key(environment_id, wrap.number), old_master)
            else:
                unwrapped(self.master, wrap)

    async def _rewrap(self, key: str, old_master: bytes) -> None:
        info = await self._store.head(key)
        wrap = _parsed(key, await self._store.get(key))
        if isinstance(wrap, Wrap):
            again = self._again(wrap, unwrapped(old_master, wrap))
            with suppress(ObjectChangedError):
                await self._store.replace(key, _as_bytes(again), etag=info.etag)

    def _again(self, wrap: Wrap, key: bytes) -> Wrap:
        again = wrapped(self.master, self._recovery, wrap.environment_id, wrap.number, key)
        return again if self._recovery else again.model_copy(update={"by_recovery": wrap.by_recovery})

    async def _refuse_unsafe(self) -> None:
        """At each write of a wrap: not everybody looks when it starts, and versions can be turned on later."""
        if isinstance(self._store, KeepsVersions):
            await refuse_old_versions(self._store)

    async def _add(self, environment_id: UUID, number: int) -> None:
        await self._refuse_unsafe()
        wrap = wrapped(self.master, self._recovery, environment_id, number, token_bytes(KEY_BYTES))
        with suppress(AlreadyExistsError):  # another process was first: its key is the one
            await self._store.put(_key(environment_id, number), _as_bytes(wrap), only_if_absent=True)


async def ring_of(store: ObjectStore, environment_id: UUID, unwrap: Unwrap) -> KeyRing | None:
    """An environment's keys, without those that were destroyed; None before the first. Raises RepositoryKeyError."""
    there = await _all(store, environment_id)
    if not there:
        return None
    wraps = _behind_the_destroyed(there)
    return KeyRing(environment_id, tuple(map(unwrap, wraps)), len(there) - len(wraps))


async def wraps_of(store: ObjectStore, environment_id: UUID) -> Sequence[Wrap]:
    """An environment's wrapped keys in order, without those that were destroyed. Raises RepositoryKeyError."""
    return _behind_the_destroyed(await _all(store, environment_id))


async def numbers_of(store: ObjectStore, environment_id: UUID) -> range:
    """See DataKeys.numbers."""
    prefix = key_prefix(environment_id)
    numbers = [int(name) async for name in store.names(prefix) if name.isdecimal()]
    stop = max(numbers, default=-1) + 1
    first = 0
    while first < stop and await _is_destroyed(store, f"{prefix}{first}"):
        first += 1
    return range(first, stop)


def _behind_the_destroyed(there: Sequence[Wrap | DestroyedKey]) -> Sequence[Wrap]:
    wraps = list[Wrap]()
    for one in there:
        if isinstance(one, Wrap):
            wraps.append(one)
        else:
            wraps.clear()
    return wraps


async def _all(store: ObjectStore, environment_id: UUID) -> Sequence[Wrap | DestroyedKey]:
    """In order, up to the first number that is not there."""
    there = list[Wrap | DestroyedKey]()
    while (one := await _one(store, environment_id, len(there))) is not None:
        there.append(one)
    return there


async def _one(store: ObjectStore, environment_id: UUID, number: int) -> Wrap | DestroyedKey | None:
    key = _key(environment_id, number)
    try:
        found = _parsed(key, await store.get(key))
    except ObjectNotFoundError:
        return None
    if (found.environment_id, found.number) != (environment_id, number):
        raise WrapDamagedError(key, "is another one's")
    return found


def _is_later(name: str, below: int) -> bool:
    """Whether a wrap of that number or a later one has its place there."""
    return name.isdecimal() and int(name) >= below


async def _is_destroyed(store: ObjectStore, key: str) -> bool:
    with suppress(ObjectNotFoundError, WrapDamagedError):
        return isinstance(_parsed(key, await store.get(key)), DestroyedKey)
    return False


def _key(environment_id: UUID, number: int) -> str:
    return f"{key_prefix(environment_id)}{number}"


def _parsed(key: str, stored: bytes) -> Wrap | DestroyedKey:
    try:
        return _entries.validate_json(stored)
    except ValidationError as error:
        raise WrapDamagedError(key, "is damaged, or of a newer release") from error


def _as_bytes(entry: Wrap | DestroyedKey) -> bytes:
    return json.dumps(entry.model_dump(mode="json"), indent=1).encode()
