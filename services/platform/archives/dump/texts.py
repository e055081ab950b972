"""What each entry of a dump's table of contents would have a server run, read as PostgreSQL's own tools read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.platform.archives.dump.head import MAGIC
from services.platform.archives.dump.reading import IncompleteError, Reader
from services.platform.archives.errors import DamagedDumpError, UnknownDumpError

VERSIONS: Final = tuple((1, minor) for minor in range(12, 17))
"""PostgreSQL 9.0 to 18: whoever sends a dump may have an older server than the one that it is loaded into."""
_ACCESS_METHOD_SINCE: Final = (1, 14)
_ALGORITHM_BYTE_SINCE: Final = (1, 15)
_RELKIND_SINCE: Final = (1, 16)
_TIME_INTS: Final = 7
_HEAD_TEXTS: Final = 3
_CUSTOM: Final = 1
_SIZES: Final = (4, 8)
_LARGEST: Final = 2**31 - 1
"""PostgreSQL's tools keep a number in 32 bits with a sign: beyond that they would read something else."""
_OFFSET_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class Texts:
    """One entry: its kind, the statements that make it, the one before its data, and whether data belongs to it.

    Bytes that are not ASCII are surrogates: an encoding is the server's affair.
    """

    dump_id: int
    kind: str
    definition: str
    copies: str
    has_data: bool


def read_texts(data: bytes) -> list[Texts]:
    """The entries of a dump that begins with `data`, compressed inside or not.

    Raises UnknownDumpError and DamagedDumpError.
    """
    reader = Reader(data)
    try:
        found = list(_entries(reader, _version(reader)))
    except IncompleteError:
        raise DamagedDumpError("the dump is damaged: it ends within its table of contents") from None
    if len({entry.dump_id for entry in found}) != len(found):
        raise DamagedDumpError("the dump is damaged: two entries of its table of contents have the same number")
    return found


def _version(reader: Reader) -> tuple[int, int]:
    """Read up to the first entry; which version of the format it is."""
    preamble = reader.take(len(MAGIC) + 6)
    version = (preamble[5], preamble[6])
    if version not in VERSIONS or (preamble[8], preamble[9]) != _SIZES or preamble[10] != _CUSTOM:
        raise UnknownDumpError(f"the dump has a variant of the archive version {version[0]}.{version[1]}: unknown here")
    reader.take(1) if version >= _ALGORITHM_BYTE_SINCE else _number(reader)
    for _ in range(_TIME_INTS):
        _number(reader)
    for _ in range(_HEAD_TEXTS):
        reader.text()
    return version


def _entries(reader: Reader, version: tuple[int, int]) -> Iterator[Texts]:
    for _ in range(_number(reader)):
        yield _entry(reader, version)


def _entry(reader: Reader, version: tuple[int, int]) -> Texts:
    dump_id, has_data = _number(reader), bool(_number(reader))
    *_, kind = [_text(reader) for _ in range(4)]  # table and object id, tag
    _number(reader)
    definition, _drop, copies, *_ = [_text(reader) for _ in range(5)]  # and schema, tablespace
    if version >= _ACCESS_METHOD_SINCE:
        reader.text()
    if version >= _RELKIND_SINCE:
        _number(reader)
    for _ in ("owner", "with OIDs"):
        reader.text()
    while reader.text() is not None:
        pass
    reader.take(_OFFSET_BYTES)
    return Texts(dump_id, kind, definition, copies, has_data)


def _number(reader: Reader) -> int:
    value = reader.int()
    if abs(value) > _LARGEST:
        raise DamagedDumpError(f"the dump is damaged: {value} is no number of a table of contents")
    return value


def _text(reader: Reader) -> str:
    """Null is as empty. Raises DamagedDumpError for what is longer than PostgreSQL's tools see."""
    text = reader.text() or b""
    if b"\0" in text:
        raise DamagedDumpError("the dump is damaged: a text of its table of contents holds a zero byte")
    return text.decode("ascii", "surrogateescape")
