"""Moves files between the live tree and a restore's own area, never over anything; all of it may run again."""

import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import ExitStack, suppress

from services.platform.connectors.files.errors import DocumentConflictError
from services.platform.connectors.files.linux import rename_new
from services.platform.connectors.files.places import AREAS
from services.platform.connectors.files.tree import Tree
from services.platform.process.seams import Seam, passing

_PIECE_BYTES = 1024 * 1024
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


def regular(fd: int, name: str) -> os.stat_result | None:
    """What is known of a regular file; None if there is none of that name."""
    with suppress(FileNotFoundError):
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        return status if stat.S_ISREG(status.st_mode) else None
    return None


def move_out(tree: Tree, live: Sequence[str], area: Sequence[str]) -> bool:
    """Move a live document into an area that has none of that name; whether it did."""
    with suppress(FileNotFoundError), tree.holding(live) as (here, name):
        if regular(here, name) is None:
            return False
        with tree.holding(area, make=True) as (there, new_name), suppress(FileExistsError):
            rename_new(here, name, there, new_name)
            return True
    return False


def move_in(tree: Tree, area: Sequence[str], live: Sequence[str]) -> bool:
    """Move a document from an area to its live place; whether it did. Raises DocumentConflictError."""
    with suppress(FileNotFoundError), tree.holding(area) as (here, name):
        if regular(here, name) is None:
            return False
        with tree.holding(live, make=True) as (there, new_name):
            return _place(here, name, there, new_name)
    return False


def _place(here: int, name: str, there: int, new_name: str) -> bool:
    try:
        rename_new(here, name, there, new_name)
    except FileExistsError as error:
        if not _same_content(here, name, there, new_name):
            raise DocumentConflictError(f"another document {new_name} is live there") from error
        os.unlink(name, dir_fd=here)
        return False
    return True


def _same_content(here: int, name: str, there: int, other: str) -> bool:
    ours, live = regular(here, name), regular(there, other)
    if ours is None or live is None or ours.st_size != live.st_size:
        return False
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(os.fdopen(os.open(each, _READ, dir_fd=fd), "rb"))
            for fd, each in ((here, name), (there, other))
        )
        while piece := first.read(_PIECE_BYTES):
            if piece != second.read(_PIECE_BYTES):
                return False
    return True


def remove_area(tree: Tree, area: str) -> None:
    """Remove an area and all in it, without following a symlink."""
    with suppress(FileNotFoundError), tree.directory(AREAS) as fd, passing(Seam.REMOVE):
        shutil.rmtree(area, dir_fd=fd)
