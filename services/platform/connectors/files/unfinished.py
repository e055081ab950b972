"""Files on their way to a name: written and synced where nobody looks, then renamed, so nobody sees half of one."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Final, TypeVar
from uuid import uuid4

from services.platform.connectors.files.linux import confirm_written, rename_new, sync_file_system, syncs_at_once
from services.platform.connectors.files.places import AREAS, OWN, PROBE, UNFINISHED
from services.platform.connectors.files.tree import Parts, Tree, Way, become_like, directory
from services.platform.process.seams import Seam, passing

T = TypeVar("T")

_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CLOSED: Final = -1
FEW: Final = 8
"""So many files are synced one by one; of more, a sync of the whole file system takes a third of the time, though it
waits for what others have written there."""
FORGOTTEN_SECONDS: Final = 24 * 3600
"""What a killed process left unfinished for so long is nobody's any more; jobs that write so long move on meanwhile."""


@dataclass(frozen=True)
class Desk:
    """Where they are written: descriptors of the root, and of the directory that holds them."""

    root_fd: int
    fd: int


@contextmanager
def desk(tree: Tree) -> Iterator[Desk]:
    """Open it; it is made if it is not there."""
    with tree.opened() as root_fd, directory(root_fd, UNFINISHED, make=True) as fd:
        yield Desk(root_fd, fd)


class Unfinished:
    """One such file. Its methods block: call them from a thread."""

    def __init__(self, at: Desk) -> None:
        self._at = at
        self._name = uuid4().hex
        self._fd = _CLOSED
        self._is_named = False

    def open(self) -> None:
        """Begin."""
        self._fd = os.open(self._name, _NEW, 0o600, dir_fd=self._at.fd)

    def write(self, data: bytes) -> None:
        """Write more."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def complete(self) -> None:
        """It has all of its bytes: give it its rights."""
        become_like(self._fd, os.fstat(self._at.root_fd), directory=False)

    def sync(self) -> None:
        """Have its bytes on the disk."""
        os.fsync(self._fd)

    def confirm_synced(self) -> None:
        """Raise OSError unless a sync of the whole file system got its bytes to the disk."""
        confirm_written(self._fd)

    def appear(self, there_fd: int, name: str) -> bool:
        """Give it its name in a directory, once it is synced; False when something has that name."""
        try:
            rename_new(self._at.fd, self._name, there_fd, name)
        except FileExistsError:
            return False
        self._is_named = True
        return True

    def appear_over(self, there_fd: int, name: str) -> None:
        """Give it its name in a directory, once it is synced, whatever had it."""
        with passing(Seam.RENAME_OVER):
            os.rename(self._name, name, src_dir_fd=self._at.fd, dst_dir_fd=there_fd)
        self._is_named = True

    def close(self) -> None:
        """Remove it, unless it has got its name, or was never begun."""
        if self._fd == _CLOSED:
            return
        os.close(self._fd)
        self._fd = _CLOSED
        if not self._is_named:
            with suppress(FileNotFoundError):
                os.unlink(self._name, dir_fd=self._at.fd)


@contextmanager
def unfinished(at: Desk) -> Iterator[Unfinished]:
    """A file on its way, gone at the end if it got no name."""
    file = Unfinished(at)
    try:
        file.open()
        yield file
    finally:
        file.close()


def name_all(at: Desk, files: Mapping[Parts, Unfinished], name: Callable[[Unfinished, int, str], T]) -> list[T]:
    """Complete and sync files that are written, then give each its name below the root: what `name` returned."""
    for file in files.values():
        file.complete()
    if len(files) > FEW and syncs_at_once(at.fd):
        sync_file_system(at.fd)
        for file in files.values():
            file.confirm_synced()
    else:
        for file in files.values():
            file.sync()
    with closing(Way(at.root_fd, make=True)) as way:
        return [name(file, way.to(parts[:-1]), parts[-1]) for parts, file in files.items()]


def file_system_now_ns(tree: Tree) -> int:
    """The file system's own clock: what it stamps on a change now. The file has no name, so nobody sees it."""
    with TemporaryFile(dir=tree.root) as file:
        return os.fstat(file.fileno()).st_ctime_ns


def forget_all(tree: Tree) -> None:
    """Remove what anybody has not finished writing: it gets no name any more."""
    _forget(tree, lambda _entry: True)


def forget_old(tree: Tree) -> None:
    """Remove what killed processes left unfinished."""
    horizon = file_system_now_ns(tree) - FORGOTTEN_SECONDS * 10**9
    _forget(tree, lambda entry: entry.stat(follow_symlinks=False).st_ctime_ns < horizon)


def _forget(tree: Tree, which: Callable[[os.DirEntry[str]], bool]) -> None:
    with suppress(FileNotFoundError), tree.directory(UNFINISHED) as fd, os.scandir(fd) as entries:
        for entry in entries:
            with suppress(FileNotFoundError, IsADirectoryError):
                if which(entry):
                    os.unlink(entry.name, dir_fd=fd)


def tidy(tree: Tree) -> None:
    """Remove our own directories where they are empty: an environment without a restore has nothing of ours."""
    with suppress(OSError), tree.directory((OWN,)) as own, tree.opened() as root:
        for name in (UNFINISHED[-1], AREAS[-1], PROBE[-1]):
            with suppress(OSError):
                os.rmdir(name, dir_fd=own)
        os.rmdir(OWN, dir_fd=root)
