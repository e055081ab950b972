"""What a place may be: a path below the root that ends in a UUID and goes nowhere else."""

import re
from typing import Final
from uuid import UUID

from services.platform.connectors.files.errors import HostilePlaceError
from services.platform.connectors.files.port import Part

OWN: Final = ".nightkeep"
"""Everything of ours below the root; no listing shows it, no document can be put there."""
UNFINISHED: Final = (OWN, "unfinished")
AREAS: Final = (OWN, "restores")
PROBE: Final = (OWN, "probe")
LIST: Final = "list"
DEPTH: Final = 16
"""Directories above a document; apps use two. Bounds what a hostile tree can make us open."""
PART_BYTES: Final = 255
"""What a file system takes as one name."""

_DOCUMENT: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def document_id(name: str) -> UUID | None:
    """The id of a document of this name; None: it is no document's name."""
    return UUID(name) if is_document(name) else None


def is_document(name: str) -> bool:
    """Whether it is the name of a document."""
    return _DOCUMENT.fullmatch(name) is not None


def checked(place: str) -> tuple[str, ...]:
    """The parts of a place. Raises HostilePlaceError: manifests may have been written by somebody else."""
    parts = tuple(place.split("/"))
    if any(part in ("", ".", "..") for part in parts):
        raise HostilePlaceError(f"the place {place[:80]!r} is no path below the root")
    if "\0" in place or not is_text(place) or any(len(part.encode()) > PART_BYTES for part in parts):
        raise HostilePlaceError(f"the place {place[:80]!r} has a name that no file system takes")
    if parts[0] == OWN or len(parts) > DEPTH or not is_document(parts[-1]):
        raise HostilePlaceError(f"the place {place[:80]!r} is none of a document")
    return parts


def is_text(name: str) -> bool:
    """Whether a name can be written down; file systems have names that are no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(name: str) -> str:
    """A name as people may see it, whatever its bytes."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def in_part(area: UUID, part: Part, parts: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Where a restore's own area keeps a document."""
    return (*AREAS, str(area), part.value, *parts)


def list_of(area: UUID) -> tuple[str, ...]:
    """Where a restore's own area keeps its list."""
    return (*AREAS, str(area), LIST)
