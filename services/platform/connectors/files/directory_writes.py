"""Writes small documents in one go."""

import os
from collections.abc import Sequence
from contextlib import suppress

from services.platform.connectors.files.errors import DocumentConflictError
from services.platform.connectors.files.moving import regular
from services.platform.connectors.files.tree import Tree, directory, refuse_other_kinds
from services.platform.connectors.files.unfinished import unfinished


def present(tree: Tree, parts: Sequence[str]) -> os.stat_result | None:
    """The file at a place, if one is there. Raises HostilePlaceError and DocumentConflictError: something else is."""
    with tree.opened() as root_fd:
        return _present(root_fd, parts)


def _present(root_fd: int, parts: Sequence[str]) -> os.stat_result | None:
    with suppress(FileNotFoundError), directory(root_fd, parts[:-1]) as fd:
        if status := regular(fd, parts[-1]):
            return status
        refuse_other_kinds(fd, parts[-1], None)
        raise DocumentConflictError(f"a directory is where the document {parts[-1]} must be")
    return None


def write_new(tree: Tree, parts: Sequence[str], data: bytes) -> bool:
    """Write a file that must be new; False, and nothing written, if it is not."""
    with tree.opened() as root_fd:
        if _present(root_fd, parts):
            return False
        with unfinished(root_fd) as file:
            file.write(data)
            return file.appear(parts)


def write_over(tree: Tree, parts: Sequence[str], data: bytes) -> None:
    """Write a file, whatever was there."""
    with tree.opened() as root_fd, unfinished(root_fd) as file:
        file.write(data)
        file.appear_over(parts)
