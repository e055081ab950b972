"""Cuts a sorted list at lines that their ids choose: a part stays the same from night to night where nothing is new."""

from collections.abc import Iterable, Iterator
from typing import Final
from zlib import crc32

LINES: Final = 1024
"""In a part on average: a change rewrites so much, and a million documents take a thousand names in the manifest."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""No part is larger, whatever the ids are."""


class Parts:
    """One list on its way; parts end where lines do."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._bytes = 0

    def add(self, lines: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
        """Take id and text of the next lines; gives the parts that are complete."""
        for document_id, line in lines:
            self._lines.append(line)
            self._bytes += len(line)
            if crc32(document_id) % LINES == 0 or self._bytes >= MOST_BYTES:
                yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        """What is left, if anything is."""
        if self._lines:
            yield b"".join(self._lines)
            self._lines, self._bytes = [], 0
