"""Stores and reads contents: cut, hash, compress, put what is not there yet; read ahead and check every byte."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts.manifest import CONTENT_BYTES
from services.platform.objectstore import AlreadyExistsError, ObjectNotFoundError, ObjectStore
from services.platform.objectstore.pieces import grouped
from services.platform.process.ids import NewId
from services.platform.process.together import together
from services.platform.repository.content import pack, unpack
from services.platform.repository.errors import ContentMissingError
from services.platform.repository.hashing import sequence_hash
from services.platform.repository.layout import content_key
from services.platform.repository.port import StoredSequence

AHEAD: Final = 2
"""Contents of one sequence under way at once: what a slow put costs is hidden, and memory is bounded by it."""
INLINE_BYTES: Final = 16 * 1024
"""Smaller ones are packed in less time than it takes to hand them to a thread."""


@dataclass(frozen=True, slots=True)
class _Put:
    """One content: its name, the size of its input, what it added to the store."""

    name: str
    bytes: int
    stored_bytes: int


class Contents:
    """The contents of one environment."""

    def __init__(self, store: ObjectStore, environment_id: UUID, key: bytes, new_id: NewId) -> None:
        self._store = store
        self._environment_id = environment_id
        self._key = key
        self._new_id = new_id
        self._condemned: frozenset[str] = frozenset()
        self._again: dict[str, str] = {}

    def avoid(self, condemned: frozenset[str]) -> None:
        """Do not build upon these keys: what lies there is stored again, under a key that nobody ever had."""
        self._condemned = condemned

    def avoided(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Those that must not be built upon."""
        return {name for name in names if content_key(self._environment_id, name) in self._condemned}

    async def store(self, pieces: AsyncIterator[bytes]) -> StoredSequence:
        """See EnvironmentRepository."""
        async with aclosing(grouped(pieces, CONTENT_BYTES)) as groups:
            first = await anext(groups)
            if _size(first) < CONTENT_BYTES:
                return self._sequence([await self._put(first)])
            return await self._store_many(first, groups)

    async def store_bytes(self, data: bytes) -> StoredSequence:
        """See EnvironmentRepository."""
        return self._sequence([await self._put([data])])

    async def _store_many(self, first: list[bytes], groups: AsyncIterator[list[bytes]]) -> StoredSequence:
        room = asyncio.Semaphore(AHEAD)
        puts: list[asyncio.Task[_Put]] = []
        group: list[bytes] | None = first
        async with together() as tasks:
            while group is not None:
                await room.acquire()
                put = tasks.create_task(self._put(group))
                put.add_done_callback(lambda _: room.release())
                puts.append(put)
                group = await anext(groups, None)
        return self._sequence([put.result() for put in puts])

    def _sequence(self, puts: Sequence["_Put"]) -> StoredSequence:
        names = tuple(put.name for put in puts)
        size_bytes, stored_bytes = sum(put.bytes for put in puts), sum(put.stored_bytes for put in puts)
        return StoredSequence(names, sequence_hash(self._key, names), size_bytes, stored_bytes)

    async def _put(self, group: list[bytes]) -> "_Put":
        """Store one content, and empty the group as soon as it is packed: two of these take the most memory of all.

        A content that is there already is the same one: its name is its hash.
        """
        size_bytes = _size(group)
        if size_bytes <= INLINE_BYTES:
            name, stored = pack(self._key, group)
        else:
            name, stored = await asyncio.to_thread(pack, self._key, group)
        group.clear()
        try:
            await self._store.put(self._place(name), stored, only_if_absent=True)
        except AlreadyExistsError:
            return _Put(name, size_bytes, 0)
        return _Put(name, size_bytes, len(stored))

    def _place(self, name: str) -> str:
        key = content_key(self._environment_id, name)
        if key not in self._condemned:
            return key
        return self._again.setdefault(name, f"{key}.{self._new_id()}")

    async def read(self, names: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """See EnvironmentRepository."""
        waiting = iter(names)
        ahead: deque[asyncio.Task[bytes]] = deque()
        try:
            while True:
                while len(ahead) < AHEAD and (name := next(waiting, None)) is not None:
                    ahead.append(asyncio.create_task(self._get(name)))
                if not ahead:
                    return
                yield await ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)

    async def _get(self, name: str) -> bytes:
        stored = await self._stored(content_key(self._environment_id, name))
        if stored is None:
            raise ContentMissingError(f"the content {name} is not in the repository")
        if len(stored) <= INLINE_BYTES:
            return unpack(self._key, name, stored)
        return await asyncio.to_thread(unpack, self._key, name, stored)

    async def _stored(self, key: str) -> bytes | None:
        """Where it always is, or where it was stored again."""
        with suppress(ObjectNotFoundError):
            return await self._store.get(key)
        async for info in self._store.list(f"{key}."):
            with suppress(ObjectNotFoundError):
                return await self._store.get(info.key)
        return None


def _size(group: Sequence[bytes]) -> int:
    return sum(map(len, group))
