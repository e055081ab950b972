"""Which kind of file something is, by its first bytes; its name says nothing."""

from enum import StrEnum
from typing import Final

from services.platform.archives.dump.head import MAGIC as DUMP_MAGIC
from services.platform.archives.incoming.errors import DamagedArchiveError, WrongFormatError

HEAD_BYTES: Final = 512
"""So many first bytes are enough to tell."""
GZIP_MAGIC: Final = b"\x1f\x8b"
ZIP_MAGIC: Final = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC: Final = b"PK\x05\x06"
_TAR_MAGIC_AT: Final = 257
_OTHERS: Final = {
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ\x00": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
}


class Form(StrEnum):
    """The kinds of file that may be sent."""

    DUMP = "dump"
    TAR_GZ = "tar.gz"
    ZIP = "zip"


def recognised(head: bytes) -> Form:
    """The form of a file that begins with `head`. Raises WrongFormatError, and DamagedArchiveError for an empty one."""
    if not head:
        raise DamagedArchiveError("the file is empty")
    if head.startswith(DUMP_MAGIC):
        return Form.DUMP
    if head.startswith(GZIP_MAGIC):
        return Form.TAR_GZ
    if head.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        return Form.ZIP
    raise WrongFormatError(f"this is {_described(head)}: send a dump in PostgreSQL's custom format, a tar.gz or a zip")


def must_be_dump(head: bytes) -> None:
    """Raises WrongFormatError unless `head` begins a dump in PostgreSQL's custom format."""
    if not head.startswith(DUMP_MAGIC):
        raise WrongFormatError(
            f"the database in it is {_described(head)}, no dump in PostgreSQL's custom format: make it with pg_dump -Fc"
        )


def _described(head: bytes) -> str:
    for magic, words in _OTHERS.items():
        if head.startswith(magic):
            return words
    if head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return "a tar that is not compressed with gzip"
    if head.lstrip().startswith((b"--", b"SET ", b"CREATE ", b"\\")):
        return "a dump as plain SQL"
    return "none of the known kinds of file"
