"""Writes small documents, a bundle in one go."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import TypeVar

from services.platform.connectors.files.errors import DocumentConflictError
from services.platform.connectors.files.moving import regular
from services.platform.connectors.files.places import checked
from services.platform.connectors.files.small import Small, bytes_of
from services.platform.connectors.files.tree import Parts, Tree, directory, refuse_other_kinds
from services.platform.connectors.files.unfinished import Desk, Unfinished, desk, name_all, unfinished

T = TypeVar("T")


def present(tree: Tree, parts: Parts) -> os.stat_result | None:
    """The file at a place, if one is there.

    Raises HostilePlaceError and DocumentConflictError when something else is; what stands in the way of a place where
    nothing is, writing there refuses.
    """
    with tree.opened() as root_fd:
        return _present(root_fd, parts)


def _present(root_fd: int, parts: Parts) -> os.stat_result | None:
    try:  # one look in nearly every case; what it finds may lie behind a symlink
        os.stat("/".join(parts), dir_fd=root_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError:
        pass
    with suppress(FileNotFoundError), directory(root_fd, parts[:-1]) as fd:
        if status := regular(fd, parts[-1]):
            return status
        refuse_other_kinds(fd, parts[-1], None)
        raise DocumentConflictError(f"a directory is where the document {parts[-1]} must be")
    return None


def write_new(tree: Tree, documents: Mapping[str, Small]) -> int:
    """Write files that must be new, given by place; returns how many were. What is there stays."""
    given = {checked(place): document for place, document in documents.items()}
    with tree.opened() as root_fd:
        absent = {parts: document for parts, document in given.items() if _present(root_fd, parts) is None}
    if not absent:
        return 0
    with desk(tree) as at:
        return sum(_named(at, absent, Unfinished.appear))


def write_over(tree: Tree, documents: Mapping[Parts, Small]) -> None:
    """Write files, whatever was there."""
    with desk(tree) as at:
        _named(at, documents, Unfinished.appear_over)


def _named(at: Desk, documents: Mapping[Parts, Small], name: Callable[[Unfinished, int, str], T]) -> list[T]:
    """Write all, sync them together, then name each."""
    with ExitStack() as held:
        files = {parts: _written(held.enter_context(unfinished(at)), data) for parts, data in documents.items()}
        return name_all(at, files, name)


def _written(file: Unfinished, document: Small) -> Unfinished:
    file.write(bytes_of(document))
    return file
