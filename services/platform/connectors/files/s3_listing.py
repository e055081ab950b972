"""Tells documents from strays among the keys of a bucket, and how a listing of it can be divided."""

from collections.abc import Sequence
from typing import Final

from services.platform.connectors.files.errors import HostilePlaceError
from services.platform.connectors.files.places import OWN, checked, document_id
from services.platform.connectors.files.port import Listed, Stray
from services.platform.objectstore import ObjectInfo, ObjectStore

MOST_NAMES: Final = 1000
"""A page. A bucket with more names at its root keeps its documents there, and to look at all would be a listing."""


def entry(info: ObjectInfo, *, settled: bool) -> Listed | Stray | None:
    """What a key is; None: what is ours, and the empty objects that consoles make for a directory."""
    if info.key.startswith(f"{OWN}/") or (info.key[-1:] in ("", "/") and info.size_bytes == 0):
        return None
    if document_id(info.key.rpartition("/")[2]) is None:
        return Stray(info.key, "not named by a UUID")
    try:
        checked(info.key)
    except HostilePlaceError as error:
        return Stray(info.key, error.reason)
    return listed(info, settled=settled)


def listed(info: ObjectInfo, *, settled: bool) -> Listed:
    """An object's state: an ETag changes with the content, time and size besides.

    Whole seconds of the time: some servers' listings know more of it than their answers do.
    """
    found = document_id(info.key.rpartition("/")[2])
    if found is None:
        raise ValueError(info.key)
    stamp = f"{info.etag}-{info.size_bytes:x}-{int(info.modified_at.timestamp())}"
    return Listed(found, info.key, info.size_bytes, stamp, settled)


async def initials(store: ObjectStore) -> Sequence[str]:
    """Prefixes that have every key below one of them: first characters, or the empty one that all keys have.

    No order of keys is relied on: servers differ. Nor is a key that begins with `/` asked for: to some servers that is
    what lies below every prefix.
    """
    found: set[str] = set()
    count = 0
    async for name in store.names(""):
        count += 1
        if count >= MOST_NAMES or not name:
            return ("",)
        found.add(name[0])
    return sorted(found)
