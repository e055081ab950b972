"""An environment's file documents, in a directory or under an S3 prefix: listed, read, and exchanged by a restore.

The front door is `opening.open_documents`, which gives a `DocumentStore` (see `port`). It is no name of this package,
so that a helper process, which has to do with files alone, starts without the driver of buckets.
"""

from services.platform.connectors.files.errors import (
    DocumentChangedError,
    DocumentConflictError,
    DocumentSpaceError,
    DocumentsRefusedError,
    DocumentsUnavailableError,
    DocumentsUnreachableError,
    DocumentVanishedError,
    HostilePlaceError,
    ListMissingError,
)
from services.platform.connectors.files.findings import FREE_SPACE, NOT_WRITABLE
from services.platform.connectors.files.places import checked as checked_place
from services.platform.connectors.files.port import DocumentStore, Entry, Listed, Part, Reader, Stray, Unchanged, Whole
from services.platform.connectors.files.stamps import apart, joined

__all__ = [
    "FREE_SPACE",
    "NOT_WRITABLE",
    "DocumentChangedError",
    "DocumentConflictError",
    "DocumentSpaceError",
    "DocumentStore",
    "DocumentVanishedError",
    "DocumentsRefusedError",
    "DocumentsUnavailableError",
    "DocumentsUnreachableError",
    "Entry",
    "HostilePlaceError",
    "ListMissingError",
    "Listed",
    "Part",
    "Reader",
    "Stray",
    "Unchanged",
    "Whole",
    "apart",
    "checked_place",
    "joined",
]
