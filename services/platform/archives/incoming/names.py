"""What a name in an archive may be (spec: backups-api-v2, "Archive formats"), and the reason against any other."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.platform.archives.incoming.errors import HostileArchiveError, WrongFormatError
from services.platform.archives.tar import DUMP_NAME, METADATA_NAME, document_name

TREE: Final = "tree"
SHOWN_CHARACTERS: Final = 120
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class What(StrEnum):
    """What a file in an archive is."""

    METADATA = "metadata"
    DUMP = "dump"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that an archive may hold; `document_id` tells which document, where it is one."""

    what: What
    document_id: UUID | None = None


def entry_of(name: str) -> Entry:
    """The entry that a file of this name is. Raises HostileArchiveError and WrongFormatError."""
    place = inside(name)
    if place == METADATA_NAME:
        return Entry(What.METADATA)
    if place == DUMP_NAME:
        return Entry(What.DUMP)
    parts = place.split("/")
    if parts[0] != TREE:
        raise WrongFormatError(
            f"{shown(name)} is outside the tree: an archive holds {METADATA_NAME}, {DUMP_NAME} and documents as "
            f"{TREE}/<xx>/<yy>/<uuid>"
        )
    if not _UUID.fullmatch(parts[-1]):
        raise WrongFormatError(f"{shown(name)}: its name is no UUID in lower case, so it is no document")
    document_id = UUID(parts[-1])
    if place != document_name(document_id):
        raise WrongFormatError(f"{shown(name)} belongs at {document_name(document_id)}")
    return Entry(What.DOCUMENT, document_id)


def inside(name: str) -> str:
    """The name without a leading `./`. Raises HostileArchiveError where it leads out of the archive."""
    place = name.removeprefix("./").removesuffix("/")
    if name.startswith("/") or "\0" in name or "\\" in name:
        raise HostileArchiveError(f"the path {shown(name)} leads outside the archive")
    if any(part in ("", ".", "..") for part in place.split("/")) and place not in ("", "."):
        raise HostileArchiveError(f"the path {shown(name)} leads outside the archive")
    return place


def shown(name: str) -> str:
    """A name as people may see it, whatever its bytes and its length."""
    return repr(name.encode(errors="surrogateescape").decode(errors="backslashreplace")[:SHOWN_CHARACTERS])
