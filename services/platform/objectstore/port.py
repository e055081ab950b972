"""What Nightkeep needs of an object store, and no more, so that any S3 server or a directory can be one."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

PIECE_BYTES: Final = 1024 * 1024
"""How much of a streamed object is in memory at once."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store says about an object. `etag` changes with the content; it is no content hash."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime


Tell = Callable[[ObjectInfo], None]


def untold(_info: ObjectInfo) -> None:
    """Nobody wants to know."""


class ObjectStore(Protocol):
    """Objects by key. Every call may raise StoreUnavailableError (retry) or StoreRefusedError (do not).

    Keys are `/`-separated parts without `.`, `..` and empty ones; others raise InvalidKeyError.
    """

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """Write the whole object at once, nobody sees half of it; returns its etag.

        With `only_if_absent` exactly one of several writers succeeds; raises AlreadyExistsError for the others. What
        lies there tells which: of those that wrote the very same bytes a store may take each for the one.
        """
        ...

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """Write an object of any size in bounded memory; it appears whole or not at all."""
        ...

    async def replace(self, key: str, data: bytes, *, etag: str) -> str:
        """Write over an object that still has this etag; returns the new one. Raises ObjectChangedError.

        Here, too, whoever wrote the very same bytes may be taken for the one that succeeded.
        """
        ...

    async def get(self, key: str) -> bytes:
        """The whole object. Raises ObjectNotFoundError."""
        ...

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """A part of the object; shorter where the object ends, empty behind its end. Raises ObjectNotFoundError."""
        ...

    def stream(self, key: str, *, tell: Tell = untold) -> AsyncIterator[bytes]:
        """The object in pieces of at most PIECE_BYTES; before the first, `tell` hears which state it is that comes.

        Raises ObjectNotFoundError. A stream may end early, without an error: count its bytes.
        """
        ...

    async def head(self, key: str) -> ObjectInfo:
        """What the store says about the object. Raises ObjectNotFoundError."""
        ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Every object whose key begins with `prefix`, in the store's own order (servers differ)."""
        ...

    def names(self, prefix: str) -> AsyncIterator[str]:
        """What comes right behind `prefix` (empty, or ending in `/`), up to the next `/`; each once, in any order."""
        ...

    async def copy(self, source: str, target: str) -> None:
        """Copy within the store, whatever the size. Raises ObjectNotFoundError."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the object; one that is absent already is no error."""
        ...


@runtime_checkable
class KeepsVersions(Protocol):
    """A store that may keep what is written over or removed: a bucket."""

    @property
    def bucket(self) -> str:
        """Its name."""
        ...

    async def keeps_old_versions(self) -> bool:
        """Whether it does, or did so once; a lock needs versions. Raises StoreRefusedError where one may not ask."""
        ...
