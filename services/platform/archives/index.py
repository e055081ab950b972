"""The index of an archive: how each stretch of it is made again, in pages that need nothing of each other.

An archive is a head, kept as it is, and segments, each made of as many bytes of input (the last one of less) by an
encoder that needs no more than where the segment begins. The input is a sequence of pieces: bytes kept in the index, or
stretches of contents of the repository.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from contracts.manifest import ContentName
from contracts.values import Value
from services.platform.archives.dump.blocks import Place

SEGMENT_BYTES: Final = 4 * 1024 * 1024
"""Of input: what a range costs to make at least, and what a sync flush is lost in."""
PAGE_SEGMENTS: Final = 64
PAGE_PIECES: Final = 4_096
"""A page ends behind the segment in which it reaches either: a few hundred kilobytes at most."""


class _Indexed(Value):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


class Kept(_Indexed):
    """Bytes of the input that are nowhere else: headers and padding."""

    kind: Literal["kept"] = "kept"
    data: bytes

    @property
    def size_bytes(self) -> int:
        """How many."""
        return len(self.data)

    def part(self, start: int, end: int) -> "Kept":
        """The bytes from `start` to `end`."""
        return Kept(data=self.data[start:end])

    def and_then(self, after: "Piece") -> "Kept | None":
        """Both as one piece, where they can be one."""
        return Kept(data=self.data + after.data) if isinstance(after, Kept) else None


class Stretch(_Indexed):
    """`size_bytes` of a content, from `skip_bytes` on."""

    kind: Literal["stretch"] = "stretch"
    content: ContentName
    skip_bytes: int
    size_bytes: int

    @property
    def end_bytes(self) -> int:
        """Where it ends in the content."""
        return self.skip_bytes + self.size_bytes

    def part(self, start: int, end: int) -> "Stretch":
        """The bytes from `start` to `end`."""
        return Stretch(content=self.content, skip_bytes=self.skip_bytes + start, size_bytes=end - start)

    def and_then(self, after: "Piece") -> "Stretch | None":
        """Both as one piece, where they can be one."""
        if not isinstance(after, Stretch) or (after.content, after.skip_bytes) != (self.content, self.end_bytes):
            return None
        size_bytes = self.size_bytes + after.size_bytes
        return Stretch(content=self.content, skip_bytes=self.skip_bytes, size_bytes=size_bytes)


Piece = Kept | Stretch


class Segment(_Indexed):
    """A stretch of the archive: its size, its CRC-32, and where its encoder is at its begin (dumps alone need that)."""

    size_bytes: int
    crc32: int
    place: Place | None = None


class Page(_Indexed):
    """Segments in a row, from `start` in the archive on, each of `segment_bytes` of input, and that input's pieces."""

    number: int
    start: int
    segment_bytes: int
    segments: tuple[Segment, ...]
    pieces: tuple[Annotated[Piece, Field(discriminator="kind")], ...]

    @property
    def end(self) -> int:
        """Where the next page begins in the archive."""
        return self.start + sum(segment.size_bytes for segment in self.segments)


def pack(page: Page) -> bytes:
    """The page as it is kept."""
    return zlib.compress(page.model_dump_json().encode(), 1)


def unpack(data: bytes) -> Page:
    """What was packed."""
    return Page.model_validate_json(zlib.decompress(data))


def joined(pieces: list[Piece], more: Sequence[Piece]) -> None:
    """Add `more` to `pieces`, neighbours that belong together as one."""
    for piece in more:
        both = pieces[-1].and_then(piece) if pieces else None
        if both is None:
            pieces.append(piece)
        else:
            pieces[-1] = both


def between(pieces: Sequence[Piece], start: int, end: int) -> Iterator[Piece]:
    """What lies between `start` and `end` of all the pieces together."""
    at = 0
    for piece in pieces:
        first, last = max(start - at, 0), min(end - at, piece.size_bytes)
        at += piece.size_bytes
        if first < last:
            yield piece if (first, last) == (0, piece.size_bytes) else piece.part(first, last)
