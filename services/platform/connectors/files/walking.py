"""Walks a tree without loading it: every entry once, in the file system's order, symlinks named and not followed."""

import errno
import os
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Final

from services.platform.connectors.files.places import DEPTH, OWN, document_id, is_text, shown
from services.platform.connectors.files.port import Listed, Stray
from services.platform.connectors.files.stamps import listed
from services.platform.connectors.files.tree import Tree

_GONE: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
"""Removed or replaced since it was listed."""
_FILE_SYSTEMS_OWN: Final = "lost+found"
"""Not even listable for anybody but root."""


def walk(tree: Tree, below: tuple[str, ...], horizon_ns: int) -> Generator[Listed | Stray, None, None]:
    """Everything below a directory of the tree; places are relative to it. Nothing if it is not there."""
    with suppress(FileNotFoundError), tree.directory(below) as fd:
        yield from _entries(fd, "", 1, horizon_ns)


def _entries(fd: int, prefix: str, depth: int, horizon_ns: int) -> Iterator[Listed | Stray]:
    with os.scandir(fd) as entries:
        for entry in entries:
            if prefix or entry.name != OWN:
                yield from _entry(fd, entry, prefix, depth, horizon_ns)


def _entry(fd: int, entry: "os.DirEntry[str]", prefix: str, depth: int, horizon_ns: int) -> Iterator[Listed | Stray]:
    place = prefix + entry.name
    if reason := _stray_for(entry, depth):
        yield Stray(shown(place), reason)
    elif entry.is_dir(follow_symlinks=False):
        yield from _below(fd, entry.name, place, depth, horizon_ns)
    else:
        with suppress(FileNotFoundError):  # gone since it was listed
            yield listed(place, entry.stat(follow_symlinks=False), horizon_ns)


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
    return None if document_id(entry.name) else "not named by a UUID"


def _below(fd: int, name: str, place: str, depth: int, horizon_ns: int) -> Iterator[Listed | Stray]:
    try:
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
    except OSError as error:
        if error.errno in _GONE:
            return
        raise
    try:
        yield from _entries(below, f"{place}/", depth + 1, horizon_ns)
    finally:
        os.close(below)
