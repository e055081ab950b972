"""A dump's header and table of contents: read, and written again without owners and privileges, offsets set."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from services.platform.archives.dump.reading import IncompleteError, Reader, int_bytes, text_bytes
from services.platform.archives.errors import DamagedDumpError, NotADumpError, UnknownDumpError

MAGIC: Final = b"PGDMP"
VERSIONS: Final = ((1, 14), (1, 15), (1, 16))
"""PostgreSQL 12 to 15, 16, and 17 with 18."""
HEAD_LIMIT_BYTES: Final = 256 * 1024 * 1024
"""A table of contents of a million entries fits; what claims to need more is none."""
PRIVILEGES: Final = (b"ACL", b"DEFAULT ACL")

_ALGORITHM_BYTE_SINCE: Final = (1, 15)
_RELKIND_SINCE: Final = (1, 16)
_INT_BYTES: Final = 4
_OFFSET_BYTES: Final = 8
_CUSTOM: Final = 1
_GZIP: Final = 1
_GZIP_LEVEL: Final = 6
"""What a dump of before 1.15 says instead of an algorithm; readers only ask whether it is 0."""
_TIME_INTS: Final = 7
_TEXTS_BEFORE_SECTION: Final = 4
_TEXTS_BEFORE_OWNER: Final = 6
_OFFSET: Final = struct.Struct("<BQ")


class OffsetState(IntEnum):
    """What a table of contents knows of the place of an entry's data."""

    NOT_SET = 1
    SET = 2
    NO_DATA = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its bytes before the owner, those from behind it up to the offset, and whether data belongs to it."""

    dump_id: int
    kind: bytes
    before_owner: bytes
    after_owner: bytes
    has_data: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What comes before a dump's data, `size_bytes` as stored; `described` is the header behind its compression."""

    version: tuple[int, int]
    size_bytes: int
    preamble: bytes
    described: bytes
    entries: tuple[Entry, ...]

    @property
    def with_data(self) -> frozenset[int]:
        """The dump ids that must have a block of data each."""
        return frozenset(entry.dump_id for entry in self.entries if entry.has_data)

    @property
    def rewritten_size_bytes(self) -> int:
        """How large the rewritten head is, wherever the data will be."""
        return len(self.rewritten(dict.fromkeys(self.with_data, 0)))

    def rewritten(self, offsets: Mapping[int, int]) -> bytes:
        """The head of the download: `offsets` says where each block of data begins in it."""
        kept = [entry for entry in self.entries if entry.kind not in PRIVILEGES]
        by_algorithm = self.version >= _ALGORITHM_BYTE_SINCE
        compression = bytes([_GZIP]) if by_algorithm else int_bytes(_GZIP_LEVEL)
        written = (_written(entry, offsets) for entry in kept)
        return b"".join((self.preamble, compression, self.described, int_bytes(len(kept)), *written))


def read_head(data: bytes, *, whole: bool = False) -> Head | None:
    """The head of the dump that begins with `data`; None where more of it is needed.

    `whole`: there is no more. Raises NotADumpError, UnknownDumpError and DamagedDumpError.
    """
    if not data.startswith(MAGIC[: len(data)]) or (whole and len(data) < len(MAGIC)):
        raise NotADumpError("the stored database is no dump in PostgreSQL's custom format")
    try:
        return _head(Reader(data))
    except IncompleteError:
        if whole or len(data) > HEAD_LIMIT_BYTES:
            raise DamagedDumpError("the dump is damaged: it ends within its table of contents") from None
        return None


def _head(reader: Reader) -> Head:
    preamble = reader.take(len(MAGIC) + 6)
    version = (preamble[5], preamble[6])
    _refuse_unknown(version, int_bytes_used=preamble[8], offset_bytes_used=preamble[9], form=preamble[10])
    _refuse_compressed(reader.take(1)[0] if version >= _ALGORITHM_BYTE_SINCE else reader.int())
    began = reader.at
    for _ in range(_TIME_INTS):
        reader.int()
    for _ in ("database", "server version", "pg_dump version"):
        reader.text()
    described = reader.data[began : reader.at]
    entries = tuple(_entries(reader, version))
    if len({entry.dump_id for entry in entries}) != len(entries):
        raise DamagedDumpError("the dump is damaged: two entries of its table of contents have the same number")
    return Head(version, reader.at, preamble, described, entries)


def _refuse_unknown(version: tuple[int, int], *, int_bytes_used: int, offset_bytes_used: int, form: int) -> None:
    if version not in VERSIONS:
        known = ", ".join(f"{major}.{minor}" for major, minor in VERSIONS)
        raise UnknownDumpError(
            f"the dump has the archive version {version[0]}.{version[1]}; known are {known}: download the full archive"
        )
    if (int_bytes_used, offset_bytes_used) != (_INT_BYTES, _OFFSET_BYTES):
        raise UnknownDumpError(f"the dump has numbers of {int_bytes_used} and offsets of {offset_bytes_used} bytes")
    if form != _CUSTOM:
        raise UnknownDumpError(f"the dump has the form {form}, which is not the custom one")


def _refuse_compressed(compression: int) -> None:
    if compression:
        raise UnknownDumpError("the dump is compressed inside already: download the full archive, which holds it as is")


def _entries(reader: Reader, version: tuple[int, int]) -> Iterator[Entry]:
    for _ in range(reader.int()):
        yield _entry(reader, version)


def _entry(reader: Reader, version: tuple[int, int]) -> Entry:
    began = reader.at
    dump_id, _has_dumper = reader.int(), reader.int()
    *_, kind = [reader.text() for _ in range(_TEXTS_BEFORE_SECTION)]
    reader.int()
    for _ in range(_TEXTS_BEFORE_OWNER):
        reader.text()
    if version >= _RELKIND_SINCE:
        reader.int()
    owner_at = reader.at
    reader.text()
    after_owner_at = reader.at
    reader.text()  # "false": it has no OIDs
    while reader.text() is not None:
        pass
    offset_at = reader.at
    state, _ = _OFFSET.unpack(reader.take(_OFFSET.size))
    if dump_id < 1 or kind is None or state not in tuple(OffsetState):
        raise DamagedDumpError("the dump is damaged: its table of contents has an entry that is none")
    before, after = reader.data[began:owner_at], reader.data[after_owner_at:offset_at]
    return Entry(dump_id, kind, before, after, has_data=state != OffsetState.NO_DATA)


def _written(entry: Entry, offsets: Mapping[int, int]) -> bytes:
    offset = (OffsetState.SET, offsets[entry.dump_id]) if entry.has_data else (OffsetState.NO_DATA, 0)
    return entry.before_owner + text_bytes(b"") + entry.after_owner + _OFFSET.pack(*offset)
