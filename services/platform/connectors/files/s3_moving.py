"""Moves objects: a copy, then a deletion, so a move that was killed between them is recognised by equal content."""

from contextlib import aclosing
from typing import Final

from services.platform.connectors.files.errors import DocumentConflictError
from services.platform.objectstore import ObjectInfo, ObjectNotFoundError, ObjectStore
from services.platform.objectstore.pieces import regrouped

_COMPARED_BYTES: Final = 1024 * 1024


async def found(store: ObjectStore, key: str) -> ObjectInfo | None:
    """What is there under a key, if anything."""
    try:
        return await store.head(key)
    except ObjectNotFoundError:
        return None


async def move_out(store: ObjectStore, live: str, area: str) -> bool:
    """Move a live document into an area that has none of that name; whether it did (now, or before it was killed)."""
    ours, theirs = await found(store, area), await found(store, live)
    if theirs is None or (ours is not None and not await _same_content(store, ours, theirs)):
        return False
    if ours is None:
        await store.copy(live, area)
    await store.delete(live)
    return True


async def move_in(store: ObjectStore, area: str, live: str) -> bool:
    """Move a document from an area to its live place; whether it did. Raises DocumentConflictError."""
    ours, theirs = await found(store, area), await found(store, live)
    if ours is None:
        return False
    if theirs is None:
        await store.copy(area, live)
    elif not await _same_content(store, ours, theirs):
        raise DocumentConflictError(f"another document {live} is live there")
    await store.delete(area)
    return theirs is None


async def _same_content(store: ObjectStore, one: ObjectInfo, other: ObjectInfo) -> bool:
    if one.size_bytes != other.size_bytes:
        return False
    ours, theirs = (regrouped(store.stream(info.key), _COMPARED_BYTES) for info in (one, other))
    async with aclosing(ours), aclosing(theirs):
        while True:
            piece, twin = await anext(ours, b""), await anext(theirs, b"")
            if piece != twin:
                return False
            if not piece:
                return True
