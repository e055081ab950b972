"""A dump's blocks of data, read in slices of any size: where a slice ends, a `Place` says how the next one begins.

A block is `01` and a dump id, then chunks `length, bytes` up to the length 0; or `03` and a dump id, then large
objects, each an OID with such chunks, up to the OID 0. Each run of chunks is a member: one zlib stream when compressed.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from contracts.values import Value
from services.platform.archives.deflate import adler32, zlib_part
from services.platform.archives.dump.reading import INT, int_bytes, signed
from services.platform.archives.errors import DamagedDumpError

DATA_BLOCK: Final = 1
BLOBS_BLOCK: Final = 3
BLOCK_BYTES: Final = 1 + INT.size
NEW_ADLER: Final = 1


class Next(StrEnum):
    """What comes next in a dump."""

    BLOCK = "block"
    OID = "oid"
    LENGTH = "length"
    CHUNK = "chunk"


class Place(Value):
    """Between two slices: what comes next, within large objects or not, and how far the present member is.

    `left` bytes of the present chunk are to come; `pending` is what the first slice holds of a field that the cut
    parted (hexadecimal); `adler` is the Adler-32 of the present member up to here.
    """

    next: Next = Next.BLOCK
    in_blobs: bool = False
    left: int = 0
    pending: str = ""
    adler: int = NEW_ADLER


BEGIN: Final = Place()


@dataclass(slots=True)
class Part:
    """A part of a member that lies in one slice: does the member begin here, its bytes, and its Adler-32 at its end."""

    first: bool
    chunks: list[memoryview] = field(default_factory=list)
    adler: int | None = None
    joined: bytes = b""


@dataclass(frozen=True, slots=True)
class Block:
    """A block begins: what is written of it as it is."""

    dump_id: int
    written: bytes


@dataclass(frozen=True, slots=True)
class Encoded:
    """A slice as it is written, and the blocks that begin in it: dump id and distance from the slice's begin."""

    data: bytes
    blocks: tuple[tuple[int, int], ...] = ()


Item = Block | Part | bytes


def read_slice(place: Place, data: bytes) -> tuple[list[Item], Place]:
    """What a slice holds that begins at `place`, and the place behind it. Raises DamagedDumpError."""
    return _Slice(place, bytes.fromhex(place.pending) + data).read()


def encode(items: list[Item]) -> Encoded:
    """A slice's items as they are written. Depends on nothing else, so slices can be encoded side by side."""
    written: list[bytes] = []
    blocks: list[tuple[int, int]] = []
    size = 0
    for item in items:
        if isinstance(item, Block):
            blocks.append((item.dump_id, size))
        piece = _written(item)
        written.append(piece)
        size += len(piece)
    return Encoded(b"".join(written), tuple(blocks))


def refuse_cut(place: Place) -> None:
    """Raises DamagedDumpError unless a dump may end here."""
    if place.next is not Next.BLOCK or place.pending:
        raise DamagedDumpError("the dump is damaged: it ends within the data of a table or a large object")


def _written(item: Item) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, Block):
        return item.written
    part = zlib_part(item.joined, first=item.first, adler=item.adler)
    chunk = int_bytes(len(part)) + part if part else b""
    return chunk if item.adler is None else chunk + int_bytes(0)


class _Slice:
    """Reads one slice from its place to its end."""

    def __init__(self, place: Place, data: bytes) -> None:
        self._data = data
        self._view = memoryview(data)
        self._at = 0
        self._next, self._in_blobs, self._left, self._adler = place.next, place.in_blobs, place.left, place.adler
        self._items: list[Item] = []
        self._part: Part | None = Part(first=False) if place.next in (Next.LENGTH, Next.CHUNK) else None

    def read(self) -> tuple[list[Item], Place]:
        steps = {Next.BLOCK: self._block, Next.OID: self._oid, Next.LENGTH: self._chunks, Next.CHUNK: self._chunk}
        while steps[self._next]():
            pass
        if self._part is not None:
            self._end_part()
        pending = self._data[self._at :].hex()
        return self._items, Place(
            next=self._next, in_blobs=self._in_blobs, left=self._left, pending=pending, adler=self._adler
        )

    def _block(self) -> bool:
        if len(self._data) - self._at < BLOCK_BYTES:
            return False
        kind = self._data[self._at]
        if kind not in (DATA_BLOCK, BLOBS_BLOCK):
            raise DamagedDumpError(f"the dump is damaged: a block of data begins with {kind}")
        written = self._data[self._at : self._at + BLOCK_BYTES]
        self._at += 1
        self._items.append(Block(self._int(), written))
        self._in_blobs = kind == BLOBS_BLOCK
        if self._in_blobs:
            self._next = Next.OID
        else:
            self._begin_member()
        return True

    def _oid(self) -> bool:
        if len(self._data) - self._at < INT.size:
            return False
        oid = self._int()
        self._items.append(int_bytes(oid))
        if oid:
            self._begin_member()
        else:
            self._next, self._in_blobs = Next.BLOCK, False
        return True

    def _begin_member(self) -> None:
        self._part, self._adler, self._next = Part(first=True), NEW_ADLER, Next.LENGTH

    def _chunk(self) -> bool:
        """The rest of a chunk that began in an earlier slice, or as much of it as there is."""
        taken = self._view[self._at : self._at + self._left]
        self._present.chunks.append(taken)
        self._at += len(taken)
        self._left -= len(taken)
        if self._left:
            return False
        self._next = Next.LENGTH
        return True

    def _chunks(self) -> bool:
        """Whole chunks, as many as there are: a dump has one for each row, so this loop is the time that it takes."""
        at, end, view, chunks, unpack = self._at, len(self._data), self._view, self._present.chunks, INT.unpack_from
        while end - at >= INT.size:
            sign, size = unpack(self._data, at)
            at += INT.size
            if sign:
                raise DamagedDumpError("the dump is damaged: a chunk has a negative length")
            if at + size > end:
                self._at, self._left, self._next = at, size, Next.CHUNK
                return at < end
            if not size:
                self._at = at
                self._end_member()
                return True
            chunks.append(view[at : at + size])
            at += size
        self._at = at
        return False

    def _end_member(self) -> None:
        part = self._present
        self._end_part()
        part.adler, self._part = self._adler, None
        self._adler = NEW_ADLER
        self._next = Next.OID if self._in_blobs else Next.BLOCK

    def _end_part(self) -> None:
        part = self._present
        part.joined = b"".join(part.chunks)
        part.chunks.clear()
        self._adler = adler32(part.joined, self._adler)
        self._items.append(part)

    def _int(self) -> int:
        value = signed(*INT.unpack_from(self._data, self._at))
        self._at += INT.size
        if value < 0:
            raise DamagedDumpError("the dump is damaged: a block or a large object has a negative number")
        return value

    @property
    def _present(self) -> Part:
        if self._part is None:
            raise AssertionError("chunks belong to a member")
        return self._part
