"""Looks whether a directory of documents can be backed up, and whether something can be restored into it."""

import os
from collections.abc import Iterator
from itertools import islice
from tempfile import TemporaryFile
from typing import Final

from contracts.values import Finding, Severity
from services.platform.connectors.files.directory_errors import translated
from services.platform.connectors.files.findings import NOT_WRITABLE, free_space, of_error
from services.platform.connectors.files.moving import regular
from services.platform.connectors.files.port import Listed
from services.platform.connectors.files.tree import Tree
from services.platform.connectors.files.walking import Seeing, walks
from services.platform.process.errors import NightkeepError

LOOKED_AT: Final = 100
"""So many entries are listed to see that listing works; a whole listing is the backup's."""


def look_around(tree: Tree) -> tuple[Finding, ...]:
    """See DocumentStore.check."""
    try:
        with translated(f"the directory {tree.root} cannot be read"):
            _read_something(tree)
            free = free_bytes(tree)
    except NightkeepError as error:
        return (of_error(error, str(tree.root)),)
    return (*_not_writable(tree), free_space(free, str(tree.root)))


def _read_something(tree: Tree) -> None:
    with walks(tree, (), Seeing(0)) as [walk]:
        first = next((entry for entry in islice(walk, LOOKED_AT) if isinstance(entry, Listed)), None)
        walk.close()
    if first is None:
        return
    with tree.holding(first.place.split("/")) as (fd, name):
        if regular(fd, name):
            os.close(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd))


def _not_writable(tree: Tree) -> Iterator[Finding]:
    try:
        with TemporaryFile(dir=tree.root) as file:
            file.write(b"nightkeep")
            file.flush()
    except OSError as error:
        yield Finding(
            code=NOT_WRITABLE,
            severity=Severity.WARNING,
            subject=str(tree.root),
            message=f"nothing can be written to the directory {tree.root} ({error.strerror}): it can be backed up, "
            f"but nothing can be restored into it",
        )


def free_bytes(tree: Tree) -> int:
    """How many bytes more a user without privileges may write there. Raises DocumentsUnreachableError."""
    with tree.opened() as fd:
        space = os.fstatvfs(fd)
    return space.f_bavail * space.f_frsize
