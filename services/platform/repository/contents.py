"""Stores and reads contents: cut, hash, compress, put what is not there yet; read ahead and check every byte."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Final
from uuid import UUID

from contracts.manifest import CONTENT_BYTES
from services.platform.objectstore import AlreadyExistsError, ObjectNotFoundError, ObjectStore
from services.platform.objectstore.pieces import regrouped
from services.platform.process.together import together
from services.platform.repository.content import pack, unpack
from services.platform.repository.errors import ContentMissingError
from services.platform.repository.hashing import sequence_hash
from services.platform.repository.layout import content_key
from services.platform.repository.port import StoredSequence

AHEAD: Final = 3
"""Contents of one sequence under way at once: what a slow put costs is hidden, and memory is bounded by it."""
INLINE_BYTES: Final = 16 * 1024
"""Smaller ones are packed in less time than it takes to hand them to a thread."""


class Contents:
    """The contents of one environment."""

    def __init__(self, store: ObjectStore, environment_id: UUID, key: bytes) -> None:
        self._store = store
        self._environment_id = environment_id
        self._key = key

    async def store(self, pieces: AsyncIterator[bytes]) -> StoredSequence:
        """See EnvironmentRepository."""
        async with aclosing(regrouped(pieces, CONTENT_BYTES)) as cuts:
            first = await anext(cuts)
            if len(first) < CONTENT_BYTES:
                return await self.store_bytes(first)
            return await self._store_many(first, cuts)

    async def _store_many(self, first: bytes, cuts: AsyncIterator[bytes]) -> StoredSequence:
        room = asyncio.Semaphore(AHEAD)
        puts: list[asyncio.Task[tuple[str, int]]] = []
        size_bytes = 0
        data: bytes | None = first
        del first
        async with together() as group:
            while data is not None:
                await room.acquire()
                size_bytes += len(data)
                puts.append(group.create_task(self._put_in(room, data)))
                del data  # the task has it; two of these at once are one too many
                data = await anext(cuts, None)
        return self._sequence([put.result() for put in puts], size_bytes)

    async def store_bytes(self, data: bytes) -> StoredSequence:
        """See EnvironmentRepository."""
        return self._sequence([await self._put(data)], len(data))

    def _sequence(self, stored: Sequence[tuple[str, int]], size_bytes: int) -> StoredSequence:
        names = tuple(name for name, _ in stored)
        return StoredSequence(names, sequence_hash(self._key, names), size_bytes, sum(added for _, added in stored))

    async def _put_in(self, room: asyncio.Semaphore, data: bytes) -> tuple[str, int]:
        try:
            return await self._put(data)
        finally:
            room.release()

    async def _put(self, data: bytes) -> tuple[str, int]:
        """Name and added bytes. A content that is there already is the same one: its name is its hash."""
        if len(data) <= INLINE_BYTES:
            name, stored = pack(self._key, data)
        else:
            name, stored = await asyncio.to_thread(pack, self._key, data)
        try:
            await self._store.put(content_key(self._environment_id, name), stored, only_if_absent=True)
        except AlreadyExistsError:
            return name, 0
        return name, len(stored)

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
        try:
            stored = await self._store.get(content_key(self._environment_id, name))
        except ObjectNotFoundError as error:
            raise ContentMissingError(f"the content {name} is not in the repository") from error
        if len(stored) <= INLINE_BYTES:
            return unpack(self._key, name, stored)
        return await asyncio.to_thread(unpack, self._key, name, stored)
