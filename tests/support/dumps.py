"""Dumps in PostgreSQL's custom format, written and read as its sources say, for tests that need small or odd ones."""

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.manifest import CONTENT_BYTES
from services.platform.archives.dump.reading import Reader, int_bytes, text_bytes

NO_TEXT: Final = int_bytes(-1)
NEWEST: Final = (1, 16)


@dataclass(frozen=True)
class TocEntry:
    """One entry of the table of contents; `offset` is its state and place."""

    dump_id: int
    kind: bytes
    owner: bytes | None = b"karla"
    tag: bytes = b"thing"
    depends_on: tuple[int, ...] = ()
    offset: tuple[int, int] = (1, 0)
    definition: bytes = b"CREATE ...;"
    copied: bytes = b"COPY ...;"
    place: bytes = b"public"

    def written(self, version: tuple[int, int]) -> bytes:
        """As pg_dump writes it."""
        texts = [b"1259", b"16384", self.tag, self.kind]
        definitions = [self.definition, b"DROP ...;", self.copied, self.place, b"", b"heap"]
        relkind = int_bytes(ord("r")) if version >= (1, 16) else b""
        return b"".join((
            int_bytes(self.dump_id), int_bytes(self.offset[0] != 3), *map(text_bytes, texts), int_bytes(3),
            *map(text_bytes, definitions), relkind, NO_TEXT if self.owner is None else text_bytes(self.owner),
            text_bytes(b"false"), *(text_bytes(str(other).encode()) for other in self.depends_on), NO_TEXT,
            bytes([self.offset[0]]), self.offset[1].to_bytes(8, "little"),
        ))  # fmt: skip


def chunks(*rows: bytes) -> bytes:
    """A member as it is when nothing is compressed: one chunk for each row."""
    return b"".join(int_bytes(len(row)) + row for row in rows if row) + int_bytes(0)


def data_block(dump_id: int, *rows: bytes) -> bytes:
    """A table's data."""
    return b"\x01" + int_bytes(dump_id) + chunks(*rows)


def blobs_block(dump_id: int, blobs: Mapping[int, Sequence[bytes]]) -> bytes:
    """Large objects."""
    written = (int_bytes(oid) + chunks(*rows) for oid, rows in blobs.items())
    return b"\x03" + int_bytes(dump_id) + b"".join(written) + int_bytes(0)


def dump(
    entries: Sequence[TocEntry],
    *blocks: bytes,
    version: tuple[int, int] = NEWEST,
    compression: int = 0,
    form: int = 1,
    server: bytes = b"18.6",
) -> bytes:
    """A whole dump, of this version of a server and its tools."""
    compressed = bytes([compression]) if version >= (1, 15) else int_bytes(compression)
    texts = (b"shop", server, server)
    head = b"PGDMP" + bytes([*version, 0, 4, 8, form]) + compressed + int_bytes(1) * 7
    return b"".join((
        head, *map(text_bytes, texts), int_bytes(len(entries)), *(one.written(version) for one in entries), *blocks,
    ))  # fmt: skip


def dump_of_two_contents() -> bytes:
    """A dump whose second content holds the end of `public.orders` and all of `public.items`."""
    head = dump([TocEntry(1, b"TABLE DATA", tag=b"orders"), TocEntry(2, b"TABLE DATA", tag=b"items")])
    large = data_block(1, *(os.urandom(50_000) for _ in range(CONTENT_BYTES // 50_000 + 10)))
    return head + large + data_block(2, b"1\n")


@dataclass
class Restored:
    """What pg_restore would find: entries by id with owner and offset, and the bytes of members by block and OID."""

    version: tuple[int, int] = NEWEST
    kinds: dict[int, bytes] = field(default_factory=dict)
    owners: dict[int, bytes | None] = field(default_factory=dict)
    offsets: dict[int, tuple[int, int]] = field(default_factory=dict)
    members: dict[tuple[int, int], bytes] = field(default_factory=dict)
    begins: dict[int, int] = field(default_factory=dict)


def restored(data: bytes) -> Restored:
    """Read a compressed dump from its first byte to its last, by its own words alone."""
    reader = Reader(data)
    magic = reader.take(11)
    found = Restored((magic[5], magic[6]))
    assert magic[:5] == b"PGDMP"
    assert reader.take(1) == b"\x01" if found.version >= (1, 15) else reader.int()
    for _ in range(7):
        reader.int()
    for _ in range(3):
        reader.text()
    for _ in range(reader.int()):
        _read_entry(reader, found)
    while reader.at < len(data):
        _read_block(reader, found)
    return found


def _read_entry(reader: Reader, found: Restored) -> None:
    dump_id, _ = reader.int(), reader.int()
    found.kinds[dump_id] = [reader.text() for _ in range(4)][-1] or b""
    reader.int()
    for _ in range(6):
        reader.text()
    if found.version >= (1, 16):
        reader.int()
    found.owners[dump_id] = reader.text()
    while reader.text() is not None:
        pass
    found.offsets[dump_id] = (reader.take(1)[0], int.from_bytes(reader.take(8), "little"))


def _read_block(reader: Reader, found: Restored) -> None:
    at = reader.at
    kind, dump_id = reader.take(1)[0], reader.int()
    found.begins[dump_id] = at
    if kind == 1:
        found.members[dump_id, 0] = _read_member(reader)
        return
    assert kind == 3
    while oid := reader.int():
        found.members[dump_id, oid] = _read_member(reader)


def _read_member(reader: Reader) -> bytes:
    stream = b""
    while size := reader.int():
        stream += reader.take(size)
    return zlib.decompress(stream)
