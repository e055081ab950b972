"""The one encoder of archives, pinned: its library, its level, and a sample of what it makes.

Deflate's bytes change with the library's version and perhaps with the processor. Everything that is made again must
come out the same, so an index names the encoder it was made with, and only that one continues it.
"""

import hashlib
import struct
from functools import cache
from typing import Final

from zlib_ng import zlib_ng

LEVEL: Final = 4
"""As small as zlib's level 6 on dumps, in a third of its time."""
_RAW: Final = -15
_WINDOW_HEADER: Final = b"\x78\x9c"
_LAST_BLOCK: Final = b"\x03\x00"
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""No name, no time, no system: nothing that could differ."""


def gzip_member(data: bytes) -> bytes:
    """`data` as one whole gzip member."""
    trailer = struct.pack("<II", zlib_ng.crc32(data), len(data) & 0xFFFFFFFF)
    return _GZIP_HEADER + _raw(data, zlib_ng.Z_FINISH) + trailer


def zlib_part(data: bytes, *, first: bool, adler: int | None) -> bytes:
    """A part of a zlib stream that can be made without its neighbours: it ends in a sync flush.

    `first` begins the stream; `adler`, the Adler-32 of the whole stream, ends it.
    """
    head = _WINDOW_HEADER if first else b""
    body = _raw(data, zlib_ng.Z_SYNC_FLUSH) if data else b""
    tail = b"" if adler is None else _LAST_BLOCK + struct.pack(">I", adler)
    return head + body + tail


def adler32(data: bytes, before: int) -> int:
    """The Adler-32 of a stream that had `before` (1 at its begin) and goes on with `data`."""
    return zlib_ng.adler32(data, before)


@cache
def encoder() -> str:
    """The encoder's name: two processes with the same one make the same bytes."""
    made = hashlib.sha256()
    for sample in _samples():
        made.update(gzip_member(sample))
        made.update(zlib_part(sample, first=True, adler=None))
    return f"zlib-ng {zlib_ng.ZLIBNG_VERSION} level {LEVEL} {made.hexdigest()[:16]}"


def _raw(data: bytes, flush: int) -> bytes:
    """Compressed in one call: how input is cut into calls must not show."""
    compressor = zlib_ng.compressobj(LEVEL, zlib_ng.DEFLATED, _RAW)
    return compressor.compress(data) + compressor.flush(flush)


def _samples() -> tuple[bytes, ...]:
    """Rows, noise and zeros: each takes another way through a compressor."""
    rows = b"".join(
        b"%d\torder %d\t%d.%02d\t{}\n" % (n, n * n % 977, n * 7919 % 10_007, n % 100) for n in range(20_000)
    )
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(4_096))
    return rows, noise, bytes(300_000)
