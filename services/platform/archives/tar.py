"""A tar file's headers and ends, with nothing in them that could differ: fixed owners, modes and times."""

import tarfile
from datetime import datetime
from typing import Final
from uuid import UUID

BLOCK_BYTES: Final = 512
END: Final = bytes(2 * BLOCK_BYTES)
METADATA_NAME: Final = ".metadata"
DUMP_NAME: Final = "db/db.backup"
_MODE: Final = 0o644


def header(name: str, size_bytes: int, modified_at: datetime) -> bytes:
    """What comes before a file's bytes: POSIX's form, which knows files of any size."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size_bytes, int(modified_at.timestamp()), _MODE
    return info.tobuf(tarfile.PAX_FORMAT)


def padding(size_bytes: int) -> bytes:
    """What comes behind a file's bytes."""
    return bytes(-size_bytes % BLOCK_BYTES)


def document_name(document_id: UUID) -> str:
    """`tree/<xx>/<yy>/<uuid>`: the first two and the next two characters of the id."""
    text = str(document_id)
    return f"tree/{text[:2]}/{text[2:4]}/{text}"
