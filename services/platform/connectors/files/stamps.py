"""Tells states of a file apart, and when an equal stamp proves an equal content."""

import os
import time
from tempfile import TemporaryFile
from typing import Final

from services.platform.connectors.files.places import document_id
from services.platform.connectors.files.port import Listed
from services.platform.connectors.files.tree import Tree

SETTLED_NS: Final = 2 * 10**9
"""A change must lie so far back: coarse clocks stamp two changes alike (spec: environments, "The backup")."""
TICK_SECONDS: Final = 2.0
"""The coarsest clock of a file system that is still trusted."""
PAUSE_SECONDS: Final = 0.002


def stamp_of(status: os.stat_result) -> str:
    """Device, inode, size, mtime and ctime: what changes with every change of a file."""
    device, inode, size_bytes = status.st_dev, status.st_ino, status.st_size
    return f"{device:x}-{inode:x}-{size_bytes:x}-{status.st_mtime_ns:x}-{status.st_ctime_ns:x}"


def listed(place: str, status: os.stat_result, horizon_ns: int) -> Listed:
    """A document's state; settled if its last change lies before the horizon. The place ends in a UUID."""
    found = document_id(place.rpartition("/")[2])
    if found is None:
        raise ValueError(place)
    return Listed(found, place, status.st_size, stamp_of(status), status.st_ctime_ns <= horizon_ns)


def stamps_can_be_trusted(tree: Tree) -> bool:
    """Change a file as a liar would: same size, mtime set back. Whether its ctime tells, and its inode stays."""
    with TemporaryFile(dir=tree.root) as file:
        fd = file.fileno()
        os.write(fd, b"a")
        before = os.fstat(fd)
        deadline = time.monotonic() + TICK_SECONDS
        while time.monotonic() < deadline:
            os.pwrite(fd, b"b", 0)
            os.utime(fd, ns=(before.st_atime_ns, before.st_mtime_ns))
            after = os.fstat(fd)
            if after.st_ctime_ns > before.st_ctime_ns:
                return (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino)
            time.sleep(PAUSE_SECONDS)
    return False
