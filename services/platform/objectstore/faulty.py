"""A store that fails when it is told to, so that tests can prove what happens then."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from services.platform.objectstore.errors import StoreUnavailableError
from services.platform.objectstore.port import ObjectInfo, ObjectStore


@dataclass
class Faults:
    """What goes wrong next, per operation ("put", "get", …): each entry is used up by one call.

    "put /index/" are the puts of keys with this part alone. `before` fails a call without an effect; `after` lets it
    take effect and then loses the answer.
    """

    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    calls: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=1000))

    def strike(self, when: dict[str, int], operation: str, key: str) -> None:
        """Raises StoreUnavailableError if one is due."""
        for what, left in when.items():
            name, _, part = what.partition(" ")
            if left and name == operation and part in key:
                when[what] = left - 1
                raise StoreUnavailableError(f"injected fault: {operation}")


class FaultyObjectStore:
    """Another store, with `faults`."""

    def __init__(self, inner: ObjectStore, faults: Faults) -> None:
        self._inner = inner
        self.faults = faults

    def _begin(self, operation: str, key: str) -> None:
        self.faults.calls.append((operation, key))
        self.faults.strike(self.faults.before, operation, key)

    def _end(self, operation: str, key: str) -> None:
        self.faults.strike(self.faults.after, operation, key)

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore."""
        self._begin("put", key)
        etag = await self._inner.put(key, data, only_if_absent=only_if_absent)
        self._end("put", key)
        return etag

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """See ObjectStore."""
        self._begin("put_stream", key)
        await self._inner.put_stream(key, pieces)
        self._end("put_stream", key)

    async def replace(self, key: str, data: bytes, *, etag: str) -> str:
        """See ObjectStore."""
        self._begin("replace", key)
        written = await self._inner.replace(key, data, etag=etag)
        self._end("replace", key)
        return written

    async def get(self, key: str) -> bytes:
        """See ObjectStore."""
        self._begin("get", key)
        return await self._inner.get(key)

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        self._begin("get_range", key)
        return await self._inner.get_range(key, offset, size_bytes)

    async def stream(self, key: str, *, etag: str | None = None) -> AsyncIterator[bytes]:
        """See ObjectStore; a fault `after` comes behind the first piece."""
        self._begin("stream", key)
        async for piece in self._inner.stream(key, etag=etag):
            yield piece
            self._end("stream", key)

    async def head(self, key: str) -> ObjectInfo:
        """See ObjectStore."""
        self._begin("head", key)
        return await self._inner.head(key)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore; a fault `after` comes behind the first object."""
        self._begin("list", prefix)
        async for info in self._inner.list(prefix):
            yield info
            self._end("list", prefix)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """See ObjectStore."""
        self._begin("names", prefix)
        async for name in self._inner.names(prefix):
            yield name

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore."""
        self._begin("copy", source)
        await self._inner.copy(source, target)
        self._end("copy", source)

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        self._begin("delete", key)
        await self._inner.delete(key)
        self._end("delete", key)
