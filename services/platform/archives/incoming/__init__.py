"""Archives that somebody sent: recognised by content, read in one pass, refused at the first thing that is not right.

Everything here is a plain function of a file's bytes. Nothing is ever extracted: what comes out are ids and bytes, so a
path of an archive never becomes a path of ours.
"""

from services.platform.archives.incoming.errors import (
    ArchiveRefusedError,
    DamagedArchiveError,
    HostileArchiveError,
    WrongFormatError,
)
from services.platform.archives.incoming.guarding import Guard, Limits
from services.platform.archives.incoming.names import Entry, What
from services.platform.archives.incoming.reading import Item, read_archive
from services.platform.archives.incoming.recognising import HEAD_BYTES, Form, recognised

__all__ = [
    "HEAD_BYTES",
    "ArchiveRefusedError",
    "DamagedArchiveError",
    "Entry",
    "Form",
    "Guard",
    "HostileArchiveError",
    "Item",
    "Limits",
    "What",
    "WrongFormatError",
    "read_archive",
    "recognised",
]
