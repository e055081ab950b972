"""An object store in memory, on a clock that a test moves: for tests that make thousands of calls."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from services.platform.objectstore import AlreadyExistsError, ObjectChangedError, ObjectInfo, ObjectNotFoundError
from services.platform.objectstore.keys import checked
from services.platform.objectstore.port import PIECE_BYTES, Tell, untold
from tests.support.events import NOON


@dataclass(frozen=True)
class _Object:
    data: bytes
    etag: str
    modified_at: datetime


@dataclass
class MemoryObjectStore:
    """See ObjectStore."""

    now: datetime = NOON
    objects: dict[str, _Object] = field(default_factory=dict)
    puts: int = 0

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore."""
        if only_if_absent and checked(key) in self.objects:
            raise AlreadyExistsError(key)
        self.puts += 1
        self.objects[checked(key)] = _Object(bytes(data), f"etag {self.puts}", self.now)
        return self.objects[key].etag

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """See ObjectStore."""
        checked(key)
        await self.put(key, b"".join([piece async for piece in pieces]))

    async def replace(self, key: str, data: bytes, *, etag: str) -> str:
        """See ObjectStore."""
        if checked(key) not in self.objects or self.objects[key].etag != etag:
            raise ObjectChangedError(key)
        return await self.put(key, data)

    async def get(self, key: str) -> bytes:
        """See ObjectStore."""
        return self._found(key).data

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        return self._found(key).data[offset : offset + size_bytes]

    async def stream(self, key: str, *, tell: Tell = untold) -> AsyncIterator[bytes]:
        """See ObjectStore."""
        found = self._found(key)
        tell(self._told(key, found))
        for start in range(0, len(found.data), PIECE_BYTES):
            yield found.data[start : start + PIECE_BYTES]

    async def head(self, key: str) -> ObjectInfo:
        """See ObjectStore."""
        return self._told(key, self._found(key))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore."""
        for key, found in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield self._told(key, found)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """See ObjectStore."""
        below = (key.removeprefix(prefix).partition("/")[0] for key in self.objects if key.startswith(prefix))
        for name in sorted(set(below)):
            yield name

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore."""
        await self.put(target, self._found(source).data)

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        self.objects.pop(checked(key), None)

    def _found(self, key: str) -> _Object:
        try:
            return self.objects[checked(key)]
        except KeyError:
            raise ObjectNotFoundError(key) from None

    @staticmethod
    def _told(key: str, found: _Object) -> ObjectInfo:
        return ObjectInfo(key, len(found.data), found.etag, found.modified_at)
