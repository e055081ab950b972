"""Walks a tree without loading it: every entry once, in no order to rely on, symlinks named and not followed.

Several walks share one tree: whichever is free takes the next entry of its root. A directory of which is known that it
gained and lost nothing is told and not entered (spec: environments, "The backup").
"""

import errno
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import attrgetter
from threading import Lock
from typing import Final

from services.platform.connectors.files.places import DEPTH, OWN, is_document, is_text, shown
from services.platform.connectors.files.port import NONE_KNOWN, Entry, Stray, Unchanged
from services.platform.connectors.files.stamps import directory_stamp, listed
from services.platform.connectors.files.tree import Tree

MOST_ENTRIES: Final = 4096
"""A directory with more is always listed: how many it has must be known before the first of them is told."""

_GONE: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
"""Removed or replaced since it was listed."""
_FILE_SYSTEMS_OWN: Final = "lost+found"
"""Not even listable for anybody but root."""
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Seeing:
    """What of a state proves something: changes up to `horizon_ns` lie far enough back, by the file system's clock.

    `known` are directories and the states in which they were listed. With `directories`, the states of those that are
    listed now are told for the next time.
    """

    horizon_ns: int
    directories: bool = False
    known: Mapping[str, str] = field(default_factory=lambda: NONE_KNOWN)


@contextmanager
def walks(
    tree: Tree, below: tuple[str, ...], seeing: Seeing, count: int = 1
) -> Iterator[Sequence[Generator[Entry, None, None]]]:
    """All below a directory of the tree, from `count` walks together; none if it is not there.

    Places are relative to it. Each walk is for one thread; use them within the block.
    """
    with ExitStack() as held:
        try:
            fd = held.enter_context(tree.directory(below))
        except FileNotFoundError:
            yield ()
            return
        told = held.enter_context(os.scandir(fd))
        entries = _Shared(chain(_some_sorted(told), told))
        walk = _Walk(seeing, os.fstat(fd).st_dev)
        yield [walk.root(fd, entries) for _ in range(count)]


class _Shared:
    """A directory's entries for several threads: each goes to one of them."""

    def __init__(self, entries: Iterator["os.DirEntry[str]"]) -> None:
        self._entries = entries
        self._lock = Lock()

    def __iter__(self) -> Iterator["os.DirEntry[str]"]:
        return self

    def __next__(self) -> "os.DirEntry[str]":
        with self._lock:
            return next(self._entries)


class _Walk:
    """The way through one tree, on the file system `device`: of another one nothing is proved."""

    def __init__(self, seeing: Seeing, device: int) -> None:
        self._seeing = seeing
        self._device = device

    def root(self, fd: int, entries: Iterator["os.DirEntry[str]"]) -> Generator[Entry, None, None]:
        """The root is always listed: our own things come and go there."""
        for entry in entries:
            if entry.name != OWN:
                yield from self._entry(fd, entry, "", 1, "")

    def _entry(
        self, fd: int, entry: "os.DirEntry[str]", prefix: str, depth: int, directory: str
    ) -> Generator[Entry, None, None]:
        place = prefix + entry.name
        if reason := _stray_for(entry, depth):
            yield Stray(shown(place), reason)
        elif entry.is_dir(follow_symlinks=False):
            with suppress(FileNotFoundError):
                yield from self._below(fd, entry.name, place, depth)
        else:
            with suppress(FileNotFoundError):  # gone since it was listed
                yield listed(place, entry.stat(follow_symlinks=False), self._seeing.horizon_ns, directory)

    def _below(self, fd: int, name: str, place: str, depth: int) -> Generator[Entry, None, None]:
        known = self._seeing.known.get(place)
        if known and known == directory_stamp(os.stat(name, dir_fd=fd, follow_symlinks=False)):
            yield Unchanged(place)
            return
        below = opened(fd, name)
        try:
            yield from self._entries(below, f"{place}/", depth + 1)
        finally:
            os.close(below)

    def _entries(self, fd: int, prefix: str, depth: int) -> Generator[Entry, None, None]:
        """The state is looked at before the entries: what comes or goes meanwhile gives it another one."""
        state = self._state(os.fstat(fd))
        with os.scandir(fd) as entries:
            first = _some_sorted(entries)
            directory = f"{state}-{len(first):x}" if state and len(first) < MOST_ENTRIES else ""
            for entry in chain(first, entries):
                yield from self._entry(fd, entry, prefix, depth, directory)

    def _state(self, status: os.stat_result) -> str:
        settled = status.st_ctime_ns <= self._seeing.horizon_ns and status.st_dev == self._device
        return directory_stamp(status) if self._seeing.directories and settled else ""


def _some_sorted(entries: Iterator["os.DirEntry[str]"]) -> Sequence["os.DirEntry[str]"]:
    """As many as may be held, by name: where directories are named after what they hold, documents come by their ids.

    Whoever keeps a million of them in a file by their ids writes it from the front to the back then.
    """
    return sorted(islice(entries, MOST_ENTRIES), key=attrgetter("name"))


def opened(fd: int, name: str) -> int:
    """A directory in a directory. Raises FileNotFoundError where it is none any more."""
    try:
        return os.open(name, _DIRECTORY, dir_fd=fd)
    except OSError as error:
        if error.errno in _GONE:
            raise FileNotFoundError(*error.args) from error
        raise


def _stray_for(entry: "os.DirEntry[str]", depth: int) -> str | None:
    if not is_text(entry.name):
        return "its name is not UTF-8"
    if entry.is_symlink():
        return "a symlink, never followed"
    if entry.is_dir(follow_symlinks=False):
        if entry.name == _FILE_SYSTEMS_OWN:
            return "the file system's own"
        return "below too many directories" if depth >= DEPTH else None
    if not entry.is_file(follow_symlinks=False):
        return "neither a file nor a directory"
    return None if is_document(entry.name) else "not named by a UUID"
