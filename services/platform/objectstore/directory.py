"""Objects as files below a directory: for one machine without an S3 server, and for tests."""

import asyncio
import contextlib
import fcntl
import os
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from services.platform.objectstore.directory_errors import translated
from services.platform.objectstore.errors import (
    AlreadyExistsError,
    ObjectChangedError,
    ObjectNotFoundError,
)
from services.platform.objectstore.keys import checked
from services.platform.objectstore.port import PIECE_BYTES, ObjectInfo, Tell, untold
from services.platform.process.seams import Seam, passing

UNFINISHED: Final = ".unfinished"
"""Where objects are written before they appear, and the lock is; no listing shows it."""
BATCH: Final = 1000


class DirectoryObjectStore:
    """Every object is a file below `root`; all of them on one file system. See ObjectStore."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore: a hard link lets the file system decide who is first."""
        path = self._path(key)
        with translated(key):
            return await asyncio.to_thread(self._write, key, path, data, only_if_absent=only_if_absent)

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """See ObjectStore."""
        path = self._path(key)
        with translated(key), self._unfinished() as (file, unfinished):
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
            await asyncio.to_thread(_appear, file, unfinished, path)

    async def replace(self, key: str, data: bytes, *, etag: str) -> str:
        """See ObjectStore: under a lock that every replacing process takes."""
        path = self._path(key)
        with translated(key):
            return await asyncio.to_thread(self._replace, key, path, data, etag)

    async def get(self, key: str) -> bytes:
        """See ObjectStore."""
        path = self._path(key)
        with translated(key):
            return await asyncio.to_thread(path.read_bytes)

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        path = self._path(key)
        with translated(key):
            return await asyncio.to_thread(_part, path, offset, size_bytes)

    async def stream(self, key: str, *, tell: Tell = untold) -> AsyncIterator[bytes]:
        """See ObjectStore."""
        path = self._path(key)
        with translated(key), await asyncio.to_thread(path.open, "rb") as file:
            tell(_info(key, os.fstat(file.fileno())))
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                yield piece

    async def head(self, key: str) -> ObjectInfo:
        """See ObjectStore."""
        path = self._path(key)
        with translated(key):
            return _info(key, await asyncio.to_thread(path.stat))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore."""
        found = self._walk(prefix)
        with translated(prefix):
            while batch := await asyncio.to_thread(lambda: list(islice(found, BATCH))):
                for info in batch:
                    yield info

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """See ObjectStore."""
        path = self._path(prefix.rstrip("/")) if prefix else self._root
        with translated(prefix):
            for name in await asyncio.to_thread(_names, path):
                yield name

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore."""
        self._path(source)
        await self.put_stream(target, self.stream(source))

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        path = self._path(key)
        with translated(key), passing(Seam.DELETE):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._root / checked(key)

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[tuple[BinaryIO, Path]]:
        directory = self._root / UNFINISHED
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / str(uuid4())
        try:
            with path.open("xb") as file:
                yield file, path
        finally:
            path.unlink(missing_ok=True)

    def _write(self, key: str, path: Path, data: bytes, *, only_if_absent: bool) -> str:
        with self._unfinished() as (file, unfinished):
            file.write(data)
            try:
                _appear(file, unfinished, path, only_if_absent=only_if_absent)
            except FileExistsError as error:
                raise AlreadyExistsError(key) from error
            return _etag(os.fstat(file.fileno()))

    def _replace(self, key: str, path: Path, data: bytes, etag: str) -> str:
        with self._unfinished(), (self._root / UNFINISHED / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists() or _etag(path.stat()) != etag:
                raise ObjectChangedError(key)
            return self._write(key, path, data, only_if_absent=False)

    def _walk(self, prefix: str) -> Iterator[ObjectInfo]:
        directory, _, _ = prefix.rpartition("/")
        return (info for info in _files(self._root, directory) if info.key.startswith(prefix))


def _files(root: Path, directory: str) -> Iterator[ObjectInfo]:
    try:
        with os.scandir(root / directory) as entries:
            names = sorted(entry.name + "/" * entry.is_dir() for entry in entries)
    except FileNotFoundError:
        return
    for name in names:
        key = f"{directory}/{name}" if directory else name
        if name == UNFINISHED + "/":
            continue
        if name.endswith("/"):
            yield from _files(root, key.removesuffix("/"))
            continue
        with contextlib.suppress(FileNotFoundError):
            yield _info(key, (root / key).stat())


def _names(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.iterdir() if entry.name != UNFINISHED)
    except FileNotFoundError:
        return []


def _appear(file: BinaryIO, unfinished: Path, path: Path, *, only_if_absent: bool = False) -> None:
    """Give a finished file its name, durably."""
    file.flush()
    os.fsync(file.fileno())
    path.parent.mkdir(parents=True, exist_ok=True)
    with passing(Seam.CREATE if only_if_absent else Seam.PUT):
        if only_if_absent:
            path.hardlink_to(unfinished)
        else:
            unfinished.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _part(path: Path, offset: int, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size_bytes)


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    if not stat.S_ISREG(status.st_mode):
        raise ObjectNotFoundError(key)
    return ObjectInfo(key, status.st_size, _etag(status), datetime.fromtimestamp(status.st_mtime, UTC))


def _etag(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
