"""Reads files, one in pieces or some at once, and says so when what was read is no single state of one."""

import os
import stat
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import closing
from typing import Final, TypeVar

from services.platform.connectors.files.directory_errors import translated
from services.platform.connectors.files.errors import (
    DocumentChangedError,
    DocumentsUnreachableError,
    DocumentVanishedError,
)
from services.platform.connectors.files.moving import regular
from services.platform.connectors.files.places import checked
from services.platform.connectors.files.port import Listed
from services.platform.connectors.files.stamps import listed, stamp_of
from services.platform.connectors.files.threads import Threads
from services.platform.connectors.files.tree import Tree, Way
from services.platform.process.errors import NightkeepError

T = TypeVar("T")

PIECE_BYTES: Final = 1024 * 1024
"""In memory at once; smaller documents are read in one go."""
SOME_BYTES: Final = 2 * 1024 * 1024
"""Of small documents that are read together, in memory at once."""
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe put in a document's place must not block a thread for ever."""


class DirectoryReader:
    """See Reader."""

    def __init__(self, tree: Tree, parts: Sequence[str], horizon_ns: int, threads: Threads) -> None:
        self._tree = tree
        self._place = "/".join(parts)
        self._parts = parts
        self._horizon_ns = horizon_ns
        self._threads = threads
        self._seen: os.stat_result | None = None
        self._read_bytes = 0

    @property
    def seen(self) -> Listed:
        """See Reader. Raises RuntimeError when nothing was read yet."""
        if self._seen is None:
            raise RuntimeError("nothing was read yet")
        return listed(self._place, self._seen, self._horizon_ns)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """See Reader."""
        fd, first = await self._threads.run(self._open)
        try:
            yield first
            while fd is not None and (piece := await self._threads.run(self._next, fd)):
                yield piece
        finally:
            if fd is not None:
                os.close(fd)

    def _open(self) -> tuple[int | None, bytes]:
        """A descriptor for what comes after the first piece, if something does; and the first piece."""
        try:
            with translated(self._place), self._tree.holding(self._parts) as (directory, name):
                if regular(directory, name) is None:
                    raise DocumentVanishedError(self._place)
                fd = os.open(name, _READ, dir_fd=directory)
        except FileNotFoundError as error:
            raise DocumentVanishedError(self._place) from error
        more = False
        try:
            first, more = self._first(fd)
        finally:
            if not more:
                os.close(fd)
        return (fd if more else None), first

    def _first(self, fd: int) -> tuple[bytes, bool]:
        with translated(self._place):
            self._seen = os.fstat(fd)
            if not stat.S_ISREG(self._seen.st_mode):
                raise DocumentVanishedError(self._place)
            first = os.read(fd, PIECE_BYTES)
            self._read_bytes = len(first)
            more = len(first) < self._seen.st_size
            if not more:
                self._refuse_changed(fd)
        return first, more

    def _next(self, fd: int) -> bytes:
        with translated(self._place):
            piece = os.read(fd, PIECE_BYTES)
            self._read_bytes += len(piece)
            if not piece:
                self._refuse_changed(fd)
        return piece

    def _refuse_changed(self, fd: int) -> None:
        if self._seen and _is_still(fd, self._seen, self._read_bytes):
            return
        if self._is_gone():
            raise DocumentVanishedError(self._place)
        raise DocumentChangedError(self._place)

    def _is_gone(self) -> bool:
        try:
            with self._tree.holding(self._parts) as (directory, name):
                return regular(directory, name) is None
        except FileNotFoundError:
            return True


def read_small(tree: Tree, places: Sequence[str], make: Callable[[bytes], T]) -> list[tuple[os.stat_result, T] | None]:
    """See DocumentStore.read_small. Blocks, and is at its best with places in their order.

    Documents may have grown since they were listed: where SOME_BYTES are read, the rest is None.
    """
    found: list[tuple[os.stat_result, T] | None] = []
    left = SOME_BYTES
    each = [checked(place) for place in places]
    try:
        with tree.opened() as root_fd, closing(Way(root_fd)) as way:
            for parts in each:
                one = _small(way, parts, min(left, PIECE_BYTES))
                found.append((one[0], make(one[1])) if one else None)
                left -= len(one[1]) if one else 0
    except DocumentsUnreachableError:
        pass
    return found + [None] * (len(places) - len(found))


def _small(way: Way, parts: Sequence[str], at_most: int) -> tuple[os.stat_result, bytes] | None:
    try:
        directory = way.to(parts[:-1])
        if regular(directory, parts[-1]) is None:
            return None
        fd = os.open(parts[-1], _READ, dir_fd=directory)
        try:
            return _whole(fd, at_most)
        finally:
            os.close(fd)
    except (OSError, NightkeepError):
        return None


def _whole(fd: int, at_most: int) -> tuple[os.stat_result, bytes] | None:
    seen = os.fstat(fd)
    if not stat.S_ISREG(seen.st_mode) or seen.st_size > at_most:
        return None
    data = os.read(fd, seen.st_size + 1)
    return (seen, data) if _is_still(fd, seen, len(data)) else None


def _is_still(fd: int, seen: os.stat_result, read_bytes: int) -> bool:
    """Whether so many bytes are all of a file, in the state in which it was seen before they were read."""
    now = os.fstat(fd)
    return stamp_of(now) == stamp_of(seen) and read_bytes == now.st_size
