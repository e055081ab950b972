"""A directory and all below it, entered part by part so that no symlink ever leads out of it."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.platform.connectors.files.errors import (
    DocumentConflictError,
    DocumentsUnreachableError,
    HostilePlaceError,
)
from services.platform.connectors.files.places import OWN

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OURS_ALONE: Final = 0o700
_BEGUN: Final = 0o1700
"""Of a directory until it has its rights: who is killed in between leaves one that the next to come knows by it."""

Parts = tuple[str, ...]
"""Of a place below the root."""


@dataclass(frozen=True)
class Tree:
    """The tree below `root`; the root itself may be a symlink, nothing below it is followed."""

    root: Path

    @contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor of the root. Raises DocumentsUnreachableError."""
        try:
            fd = os.open(self.root, _DIRECTORY)
        except OSError as error:
            raise DocumentsUnreachableError(
                f"the directory {self.root} cannot be opened: {error.strerror}. "
                f"Mount it where the services run, or correct the environment"
            ) from error
        try:
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def directory(self, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """A descriptor of a directory below the root, made like the root if it is not there and `make` is set.

        Raises FileNotFoundError; HostilePlaceError and DocumentConflictError when it is a symlink or a file.
        """
        with self.opened() as root_fd, directory(root_fd, parts, make=make) as fd:
            yield fd

    @contextmanager
    def holding(self, parts: Sequence[str], *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The directory that holds a place, and the place's name in it; as `directory`."""
        with self.directory(parts[:-1], make=make) as fd:
            yield fd, parts[-1]


@contextmanager
def directory(root_fd: int, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """See Tree.directory; for those who have the root open."""
    fd = root_fd
    try:
        for part in parts:
            below = _make_and_enter(root_fd, fd, part) if make else enter(fd, part)
            if fd != root_fd:
                os.close(fd)
            fd = below
        yield fd
    finally:
        if fd != root_fd:
            os.close(fd)


class Way:
    """Directories below a root, each open until the way leads elsewhere: places in their order share most of it."""

    def __init__(self, root_fd: int, *, make: bool = False) -> None:
        self._root_fd = root_fd
        self._make = make
        self._open: list[tuple[str, int]] = []

    def to(self, parts: Sequence[str]) -> int:
        """A descriptor of a directory, valid until the next call; raises as `Tree.directory` does."""
        common = 0
        for (there, _), part in zip(self._open, parts, strict=False):
            if there != part:
                break
            common += 1
        self.close(common)
        for part in parts[common:]:
            self._open.append((part, self._entered(self._open[-1][1] if self._open else self._root_fd, part)))
        return self._open[-1][1] if self._open else self._root_fd

    def _entered(self, fd: int, part: str) -> int:
        return _make_and_enter(self._root_fd, fd, part) if self._make else enter(fd, part)

    def close(self, keep: int = 0) -> None:
        """Close all but the root, and the first `keep`."""
        while len(self._open) > keep:
            os.close(self._open.pop()[1])


def enter(fd: int, part: str) -> int:
    """A descriptor of a directory in a directory; raises as `Tree.directory` does."""
    try:
        return os.open(part, _DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
    except FileNotFoundError:
        raise
    except OSError as error:
        refuse_other_kinds(fd, part, error)
        raise


def refuse_other_kinds(fd: int, name: str, error: OSError | None) -> None:
    """Raise what is wrong with something that should have been a directory, if that is what is wrong with it."""
    mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise HostilePlaceError(f"{name!r} below the root is a symlink, and none is followed: remove it") from error
    if not stat.S_ISDIR(mode):
        raise DocumentConflictError(f"{name!r} below the root is no directory and stands in the way") from error


def _make_and_enter(root_fd: int, fd: int, part: str) -> int:
    made = False
    try:
        below = enter(fd, part)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(part, _OURS_ALONE if part == OWN else _BEGUN, dir_fd=fd)
            made = True
        below = enter(fd, part)
    try:
        root = os.fstat(root_fd)
        if part != OWN and (made or _is_begun(os.fstat(below), root)):
            become_like(below, root, directory=True)
    except BaseException:
        os.close(below)
        raise
    return below


def _is_begun(status: os.stat_result, root: os.stat_result) -> bool:
    """Whether one of us made this directory and got no further; in a root of a group's it has the group's bit."""
    mode = stat.S_IMODE(status.st_mode)
    ours = status.st_uid in {os.geteuid(), root.st_uid}
    return ours and mode & ~stat.S_ISGID == _BEGUN and mode != stat.S_IMODE(root.st_mode)


def become_like(fd: int, root: os.stat_result, *, directory: bool) -> None:
    """Owner, group and rights as the root has them, so that the app can use what was restored.

    Owner and group only as far as our rights go: services that run as another user give at least the group.
    """
    own = os.fstat(fd)
    if own.st_gid != root.st_gid:
        with suppress(PermissionError):
            os.fchown(fd, -1, root.st_gid)
    if own.st_uid != root.st_uid:
        with suppress(PermissionError):
            os.fchown(fd, root.st_uid, -1)
    os.fchmod(fd, stat.S_IMODE(root.st_mode) & (0o7777 if directory else 0o666))
