"""Fingerprints of a dump: where its small chunks are; a later dump finds its own among them without reading it."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median_low
from struct import Struct
from typing import Final

from blake3 import blake3
from pyfastcdc import FastCDC

from services.platform.repository.errors import ContentCorruptError

CHUNK_BYTES: Final = 16 * 1024
"""Of a dump with one row in a hundred updated, half of the chunks of this size are what they were."""
FIRST_SAMPLE: Final = 4
"""One chunk in so many is kept: a hundred of a segment are found again, and a handful would do."""
MOST: Final = 256 * 1024
"""Kept at most; from there on one in twice as many. Which ones they are, the chunks alone decide."""
NEAR_BYTES: Final = 1024 * 1024
"""Shifts that differ by less are of the same stretch: rows were added or removed in between."""
PART_BYTES: Final = 4 * 1024 * 1024
_DIGEST_BYTES: Final = 8
_HEAD: Final = Struct(">I")
_LINE: Final = Struct(">QQ")

Print = tuple[int, int]
"""The hash of a chunk, and where the chunk begins."""


def prints_of(key: bytes, segment: bytes, offset: int) -> list[Print]:
    """The fingerprints of a segment that begins at `offset`. Busy: not for the event loop.

    The head of a dump is in none: it tells its time, and for that alone all fingerprints would be stored anew.
    """
    found = list[Print]()
    for chunk in FastCDC(CHUNK_BYTES).cut_buf(segment):
        value = int.from_bytes(blake3(chunk.data, key=key).digest(_DIGEST_BYTES), "big")
        if value % FIRST_SAMPLE == 0 and offset + chunk.offset:
            found.append((value, offset + chunk.offset))
    return found


@dataclass
class Collected:
    """The fingerprints of a dump under way."""

    sample: int = FIRST_SAMPLE
    prints: dict[int, int] = field(default_factory=dict)

    def add(self, prints: Sequence[Print]) -> None:
        """Keep those of a segment; of equal chunks the first."""
        for value, offset in prints:
            if value % self.sample == 0:
                self.prints.setdefault(value, offset)
        while len(self.prints) > MOST:
            self.sample *= 2
            self.prints = {value: offset for value, offset in self.prints.items() if value % self.sample == 0}

    def as_parts(self) -> Iterator[bytes]:
        """The bytes to store."""
        data = _HEAD.pack(self.sample) + b"".join(_LINE.pack(*line) for line in sorted(self.prints.items()))
        return (data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES))


class Known:
    """The fingerprints of an earlier dump."""

    def __init__(self, data: bytes) -> None:
        """Raises ContentCorruptError."""
        if len(data) < _HEAD.size or (len(data) - _HEAD.size) % _LINE.size:
            raise ContentCorruptError("the fingerprints of an earlier dump are cut short")
        (self.sample,) = _HEAD.unpack_from(data)
        self._values, self._offsets = array("Q"), array("Q")
        for value, offset in _LINE.iter_unpack(data[_HEAD.size :]):
            self._values.append(value)
            self._offsets.append(offset)

    def shift(self, prints: Sequence[Print]) -> int | None:
        """How much further on the earlier dump has what these are of, as most of them say; None when none is known."""
        shifts = [at - offset for value, offset in prints if (at := self._find(value)) is not None]
        if not shifts:
            return None
        (most, _), *_ = Counter(shift // NEAR_BYTES for shift in shifts).most_common(1)
        return median_low([shift for shift in shifts if abs(shift // NEAR_BYTES - most) <= 1])

    def _find(self, value: int) -> int | None:
        at = bisect_left(self._values, value)
        return self._offsets[at] if at < len(self._values) and self._values[at] == value else None
