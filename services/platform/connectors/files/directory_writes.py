"""Writes small documents in one go."""

import os
from collections.abc import Sequence
from contextlib import suppress

from services.platform.connectors.files.errors import DocumentConflictError
from services.platform.connectors.files.moving import regular
from services.platform.connectors.files.tree import Tree, refuse_other_kinds
from services.platform.connectors.files.unfinished import unfinished


def present(tree: Tree, parts: Sequence[str]) -> os.stat_result | None:
    """The file at a place, if one is there. Raises HostilePlaceError and DocumentConflictError: something else is."""
    with suppress(FileNotFoundError), tree.holding(parts) as (fd, name):
        if status := regular(fd, name):
            return status
        refuse_other_kinds(fd, name, None)
        raise DocumentConflictError(f"a directory is where the document {name} must be")
    return None


def write_new(tree: Tree, parts: Sequence[str], data: bytes) -> bool:
    """Write a file that must be new; False, and nothing written, if it is not."""
    if present(tree, parts):
        return False
    with unfinished(tree) as file:
        file.write(data)
        return file.appear(parts)


def write_over(tree: Tree, parts: Sequence[str], data: bytes) -> None:
    """Write a file, whatever was there."""
    with unfinished(tree) as file:
        file.write(data)
        file.appear_over(parts)
