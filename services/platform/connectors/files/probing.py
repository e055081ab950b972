"""Finds out whether a file system's times can be trusted (spec: environments, "The backup")."""

import os
import time
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Final

from services.platform.connectors.files.places import PROBE
from services.platform.connectors.files.tree import Tree
from services.platform.connectors.files.unfinished import tidy

TICK_SECONDS: Final = 2.0
"""The coarsest clock of a file system that is still trusted."""
PAUSE_SECONDS: Final = 0.002
_ENTRY: Final = "entry"


def stamps_can_be_trusted(tree: Tree) -> bool:
    """Change a file as a liar would: same size, mtime set back. Whether its ctime tells, and its inode stays."""
    with TemporaryFile(dir=tree.root) as file:
        fd = file.fileno()
        os.write(fd, b"a")
        before = os.fstat(fd)
        return _is_told(fd, lambda: _lie(fd, before))


def directories_can_be_trusted(tree: Tree) -> bool:
    """Let an entry come and go in a directory of our own. Whether the directory's ctime tells, and its inode stays."""
    with tree.directory(PROBE, make=True) as fd:
        try:
            return _is_told(fd, lambda: _come_or_go(fd))
        finally:
            _go(fd)
            tidy(tree)


def _is_told(fd: int, change: Callable[[], object]) -> bool:
    before = os.fstat(fd)
    deadline = time.monotonic() + TICK_SECONDS
    while time.monotonic() < deadline:
        change()
        after = os.fstat(fd)
        if after.st_ctime_ns > before.st_ctime_ns:
            return (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino)
        time.sleep(PAUSE_SECONDS)
    return False


def _lie(fd: int, before: os.stat_result) -> None:
    os.pwrite(fd, b"b", 0)
    os.utime(fd, ns=(before.st_atime_ns, before.st_mtime_ns))


def _come_or_go(fd: int) -> None:
    if not _go(fd):
        os.close(os.open(_ENTRY, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=fd))


def _go(fd: int) -> bool:
    try:
        os.unlink(_ENTRY, dir_fd=fd)
    except FileNotFoundError:
        return False
    return True
