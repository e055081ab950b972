"""A stretch from within a dump, without the lengths of its rows: what a download keeps of it, to be estimated by."""

from collections.abc import Iterator
from typing import Final

from services.platform.archives.dump.reading import INT

LOOK_BYTES: Final = 64 * 1024
"""Where no chunk begins within so much, chunks are long, and their lengths are next to nothing."""
CHAIN: Final = 8
"""So many chunks in a row are no accident."""
_POSITIVE: Final = b"\0"
"""The sign that every length begins with."""


def without_lengths(stretch: bytes) -> bytes:
    """The stretch without the length before each chunk, as far as chunks follow one another; else as it is."""
    start = stretch.find(_POSITIVE, 0, LOOK_BYTES)
    while start >= 0:
        if len(list(_chunks(stretch, start, CHAIN))) == CHAIN:
            return stretch[:start] + _joined(stretch, start)
        start = stretch.find(_POSITIVE, start + 1, LOOK_BYTES)
    return stretch


def _joined(stretch: bytes, start: int) -> bytes:
    chunks = list(_chunks(stretch, start, len(stretch)))
    return b"".join(stretch[begin:end] for begin, end in chunks) + stretch[chunks[-1][1] :]


def _chunks(stretch: bytes, at: int, most: int) -> Iterator[tuple[int, int]]:
    """Where chunks that lie wholly in the stretch begin and end, from the length at `at` on."""
    for _ in range(most):
        if at + INT.size > len(stretch):
            return
        sign, size = INT.unpack_from(stretch, at)
        begin = at + INT.size
        at = begin + size
        if sign or not size or at > len(stretch):
            return
        yield begin, at
