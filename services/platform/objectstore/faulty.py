"""A store that fails when it is told to, so that tests can prove what happens then."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from services.platform.objectstore.errors import StoreUnavailableError
from services.platform.objectstore.port import ObjectInfo, ObjectStore, Tell, untold

ALWAYS: Final = -1
"""In place of a number of calls."""
ANY: Final = "any"
"""In place of an operation's name."""


@dataclass
class Faults:
    """What goes wrong next, per operation ("put", "get", …, or ANY): each entry is used up by so many calls.

    "put /index/" are the puts of keys with this part alone. `before` fails a call without an effect; `after` lets it
    take effect and then loses the answer. A `short` read brings half of the bytes, a `flipped` one has a bit that is
    another. `slow_seconds` passes before each call. What is put while `lagging`, by whoever shares these, is not listed
    before it is unset. `skip` calls, and objects of listings, go well before the first fault.
    """

    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    short: dict[str, int] = field(default_factory=dict)
    flipped: dict[str, int] = field(default_factory=dict)
    slow_seconds: float = 0.0
    lagging: bool = False
    unlisted: set[str] = field(default_factory=set)
    """What was put meanwhile."""
    skip: int = 0
    struck: int = 0
    """How many have come about."""
    calls: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=1000))

    def strike(self, when: dict[str, int], operation: str, key: str) -> None:
        """Raises StoreUnavailableError if one is due."""
        if self._is_due(when, operation, key):
            raise StoreUnavailableError(f"injected fault: {operation}")

    def spoilt(self, operation: str, key: str, data: bytes) -> bytes:
        """What a read brings instead of the bytes that are there."""
        if self._is_due(self.short, operation, key):
            return data[: len(data) // 2]
        if data and self._is_due(self.flipped, operation, key):
            middle = len(data) // 2
            return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        return data

    def _is_due(self, when: dict[str, int], operation: str, key: str) -> bool:
        if self.skip > 0:
            return False
        for what, left in when.items():
            name, _, part = what.partition(" ")
            if left and name in {operation, ANY} and part in key:
                when[what] = left if left == ALWAYS else left - 1
                self.struck += 1
                return True
        return False


class FaultyObjectStore:
    """Another store, with `faults`."""

    def __init__(self, inner: ObjectStore, faults: Faults) -> None:
        self._inner = inner
        self.faults = faults

    async def _begin(self, operation: str, key: str) -> None:
        self.faults.calls.append((operation, key))
        if self.faults.slow_seconds:
            await asyncio.sleep(self.faults.slow_seconds)
        self.faults.strike(self.faults.before, operation, key)

    def _end(self, operation: str, key: str) -> None:
        self.faults.strike(self.faults.after, operation, key)
        self.faults.skip -= 1

    def _written(self, operation: str, key: str) -> None:
        if self.faults.lagging:
            self.faults.unlisted.add(key)
        self._end(operation, key)

    def _is_listed(self, key: str) -> bool:
        return not (self.faults.lagging and key in self.faults.unlisted)

    async def _has_listed(self, place: str) -> bool:
        """Whether a key there, or below it, is listed."""
        return bool([info async for info in self.list(place) if info.key == place or info.key.startswith(f"{place}/")])

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore."""
        await self._begin("put", key)
        etag = await self._inner.put(key, data, only_if_absent=only_if_absent)
        self._written("put", key)
        return etag

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """See ObjectStore."""
        await self._begin("put_stream", key)
        await self._inner.put_stream(key, pieces)
        self._written("put_stream", key)

    async def replace(self, key: str, data: bytes, *, etag: str) -> str:
        """See ObjectStore."""
        await self._begin("replace", key)
        written = await self._inner.replace(key, data, etag=etag)
        self._written("replace", key)
        return written

    async def get(self, key: str) -> bytes:
        """See ObjectStore."""
        await self._begin("get", key)
        data = self.faults.spoilt("get", key, await self._inner.get(key))
        self._end("get", key)
        return data

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        await self._begin("get_range", key)
        data = self.faults.spoilt("get_range", key, await self._inner.get_range(key, offset, size_bytes))
        self._end("get_range", key)
        return data

    async def stream(self, key: str, *, tell: Tell = untold) -> AsyncIterator[bytes]:
        """See ObjectStore; a fault `after` comes behind the first piece."""
        await self._begin("stream", key)
        async for piece in self._inner.stream(key, tell=tell):
            yield self.faults.spoilt("stream", key, piece)
            self._end("stream", key)

    async def head(self, key: str) -> ObjectInfo:
        """See ObjectStore."""
        await self._begin("head", key)
        info = await self._inner.head(key)
        self._end("head", key)
        return info

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore; a fault `after` comes behind the first object."""
        await self._begin("list", prefix)
        async for info in self._inner.list(prefix):
            if self._is_listed(info.key):
                yield info
                self._end("list", prefix)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """See ObjectStore."""
        await self._begin("names", prefix)
        async for name in self._inner.names(prefix):
            if not self.faults.lagging or await self._has_listed(f"{prefix}{name}"):
                yield name

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore."""
        await self._begin("copy", source)
        await self._inner.copy(source, target)
        if self.faults.lagging:
            self.faults.unlisted.add(target)
        self._end("copy", source)

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        await self._begin("delete", key)
        await self._inner.delete(key)
        self._end("delete", key)
