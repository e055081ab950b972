"""Reads parts of packs; small neighbours come in one request, since what was stored together is wanted together."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar
from uuid import UUID

from services.platform.objectstore import ObjectStore
from services.platform.repository.layout import pack_key

BLOCK_BYTES: Final = 256 * 1024
"""Read at once for contents smaller than that: some hundred small documents."""
BLOCKS: Final = 32
"""Kept: eight megabytes."""
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The results of the last few calls; who asks for one that is under way waits for the same. Errors are not kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: OrderedDict[K, asyncio.Task[V]] = OrderedDict()

    def forget(self, key: K) -> None:
        """Make it anew when it is asked for again."""
        self._tasks.pop(key, None)

    async def get(self, key: K, make: Callable[[], Awaitable[V]]) -> V:
        """The result of `make` for this key."""
        task = self._tasks.get(key)
        if task is None or task.cancelled():
            task = self._tasks[key] = asyncio.create_task(_made(make))
            while len(self._tasks) > self._size:
                self._tasks.popitem(last=False)
        self._tasks.move_to_end(key)
        if task.done() and not task.exception():  # nearly always
            return task.result()
        try:
            return await asyncio.shield(task)
        except Exception:  # whatever it is: the next caller asks anew
            self.forget(key)
            raise


async def _made(make: Callable[[], Awaitable[V]]) -> V:
    return await make()


class Blocks:
    """The packs of one environment, in ranges."""

    def __init__(self, store: ObjectStore, environment_id: UUID) -> None:
        self._store = store
        self._environment_id = environment_id
        self._kept: Kept[tuple[UUID, int], bytes] = Kept(BLOCKS)
        self.read_bytes = 0
        """What came from the store so far."""

    async def read(self, pack_id: UUID, offset: int, size_bytes: int) -> bytes:
        """A part of a pack; shorter when the pack is. Raises ObjectNotFoundError."""
        if size_bytes >= BLOCK_BYTES:
            return await self._range(pack_id, offset, size_bytes)
        numbers = _blocks(offset, size_bytes)
        data = b"".join([await self._block(pack_id, number) for number in numbers])
        start = offset - numbers.start * BLOCK_BYTES
        return data[start : start + size_bytes]

    def forget(self, pack_id: UUID, offset: int, size_bytes: int) -> None:
        """Ask the store again for this part, whoever wants some of it next."""
        for number in _blocks(offset, size_bytes):
            self._kept.forget((pack_id, number))

    async def _block(self, pack_id: UUID, number: int) -> bytes:
        return await self._kept.get((pack_id, number), lambda: self._range(pack_id, number * BLOCK_BYTES, BLOCK_BYTES))

    async def _range(self, pack_id: UUID, offset: int, size_bytes: int) -> bytes:
        data = await self._store.get_range(pack_key(self._environment_id, pack_id), offset, size_bytes)
        self.read_bytes += len(data)
        return data


def _blocks(offset: int, size_bytes: int) -> range:
    """The numbers of the blocks that have some of a part."""
    return range(offset // BLOCK_BYTES, (offset + size_bytes - 1) // BLOCK_BYTES + 1)
