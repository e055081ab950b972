"""Tells states of files and directories apart; whether an equal one proves anything, `probing` finds out."""

import os
import re
from typing import Final

from services.platform.connectors.files.places import document_id
from services.platform.connectors.files.port import Listed

SETTLED_NS: Final = 2 * 10**9
"""A change must lie so far back: coarse clocks stamp two changes alike (spec: environments, "The backup")."""
_STATE: Final = re.compile(r"(?:[0-9a-f]+-){4}[0-9a-f]+")


def stamp_of(status: os.stat_result) -> str:
    """Device, inode, size, mtime and ctime: what changes with every change of a file."""
    device, inode, size_bytes = status.st_dev, status.st_ino, status.st_size
    return f"{device:x}-{inode:x}-{size_bytes:x}-{status.st_mtime_ns:x}-{status.st_ctime_ns:x}"


def directory_stamp(status: os.stat_result) -> str:
    """Device, inode, mtime and ctime: what changes when a directory gains or loses something."""
    return f"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_ctime_ns:x}"


def joined(stamp: str, directory: str) -> str:
    """Both states of a document that is listed: its own, and its directory's if that is known."""
    return f"{stamp}@{directory}" if directory else stamp


def apart(stamp: str) -> tuple[str, str]:
    """What `joined` has joined."""
    own, at, directory = stamp.rpartition("@")
    return (own, directory) if at and _STATE.fullmatch(directory) else (stamp, "")


def listed(place: str, status: os.stat_result, horizon_ns: int, directory: str = "") -> Listed:
    """A document's state; settled if its last change lies before the horizon. The place ends in a UUID."""
    found = document_id(place.rpartition("/")[2])
    if found is None:
        raise ValueError(place)
    return Listed(found, place, status.st_size, stamp_of(status), status.st_ctime_ns <= horizon_ns, directory)
