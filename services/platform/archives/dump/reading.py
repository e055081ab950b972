"""How the custom format writes numbers and texts: pg_backup_archiver.c of PostgreSQL, `WriteInt` and `WriteStr`."""

import struct
from typing import Final

from services.platform.archives.errors import DamagedDumpError

INT: Final = struct.Struct("<BI")
"""A sign byte, then four bytes."""


class IncompleteError(Exception):
    """More bytes are needed than there are."""


class Reader:
    """Reads on from `at`. Raises IncompleteError at the end of `data`."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self.at + size
        if end > len(self.data):
            raise IncompleteError
        taken, self.at = self.data[self.at : end], end
        return taken

    def int(self) -> int:
        """A number. Raises DamagedDumpError where its sign is none."""
        return signed(*INT.unpack(self.take(INT.size)))

    def text(self) -> bytes | None:
        """A text, in the dump's encoding; the length -1 is SQL's null."""
        size = self.int()
        return None if size < 0 else self.take(size)


def signed(sign: int, value: int) -> int:
    """The number that sign and value spell. Raises DamagedDumpError."""
    if sign > 1:
        raise DamagedDumpError(f"the dump is damaged: a number has the sign {sign}")
    return -value if sign else value


def int_bytes(value: int) -> bytes:
    """As `WriteInt` writes a number."""
    return INT.pack(value < 0, abs(value))


def text_bytes(text: bytes) -> bytes:
    """As `WriteStr` writes a text."""
    return int_bytes(len(text)) + text
