"""Makes one segment, for the first time or again."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from services.platform.archives.deflate import gzip_member
from services.platform.archives.dump.blocks import BEGIN, Encoded, Place, encode, read_slice, refuse_cut
from services.platform.archives.errors import NotTheSameError
from services.platform.archives.index import Segment

Encode = Callable[[], Encoded]
"""The part of the work that can be done beside that of other segments."""


@dataclass(frozen=True, slots=True)
class Made:
    """A segment, the bytes that it is, and the blocks of a dump that begin in it."""

    segment: Segment
    data: bytes
    blocks: tuple[tuple[int, int], ...] = ()


class Encoder(Protocol):
    """Turns input into segments, one after the other."""

    def take(self, data: bytes) -> tuple[Place | None, Encode]:
        """Where the segment begins, and what is left to do. Raises DamagedDumpError."""
        ...

    def end(self) -> None:
        """The input ends here. Raises DamagedDumpError where it may not."""
        ...


class GzipEncoder:
    """Each segment an independent gzip member."""

    def take(self, data: bytes) -> tuple[Place | None, Encode]:
        """See Encoder."""
        return None, lambda: Encoded(gzip_member(data))

    def end(self) -> None:
        """See Encoder."""


@dataclass
class DumpEncoder:
    """Slices of a dump's blocks."""

    place: Place = field(default=BEGIN)

    def take(self, data: bytes) -> tuple[Place | None, Encode]:
        """See Encoder."""
        before = self.place
        items, self.place = read_slice(before, data)
        return before, lambda: encode(items)

    def end(self) -> None:
        """See Encoder."""
        refuse_cut(self.place)


def made(place: Place | None, encode_now: Encode) -> Made:
    """A segment made for the first time."""
    encoded = encode_now()
    segment = Segment(size_bytes=len(encoded.data), crc32=zlib.crc32(encoded.data), place=place)
    return Made(segment, encoded.data, encoded.blocks)


def made_again(segment: Segment, data: bytes) -> bytes:
    """The segment's bytes from its input. Raises NotTheSameError unless they are what they were."""
    encoder: Encoder = GzipEncoder() if segment.place is None else DumpEncoder(segment.place)
    again = made(*encoder.take(data))
    if again.segment != segment:
        raise NotTheSameError(_DIFFERS)
    return again.data


_DIFFERS: Final = "the archive cannot be made again as it was: ask for it anew"
