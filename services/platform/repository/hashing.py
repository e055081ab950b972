"""Keyed hashes of the first format: its contents' names and its manifests' seals; without the key they tell nothing."""

import hashlib
from collections.abc import Sequence
from typing import Final

from contracts.manifest import CONTENT_BYTES

DIGEST_BYTES: Final = 32


def keyed_hash(key: bytes, *pieces: bytes) -> str:
    """BLAKE2b with a key over all pieces, in hexadecimal."""
    digest = hashlib.blake2b(key=key, digest_size=DIGEST_BYTES)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def sequence_hash(key: bytes, contents: Sequence[str]) -> str:
    """The hash of a whole that was cut: the name of a single content, else the keyed hash of all names, joined."""
    if len(contents) == 1:
        return contents[0]
    return keyed_hash(key, "".join(contents).encode())


class SequenceHasher:
    """Computes `sequence_hash` of bytes that are not stored; see the port's Hasher."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._contents: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._hash = hashlib.blake2b(key=self._key, digest_size=DIGEST_BYTES)
        self._missing = CONTENT_BYTES

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Add a piece of any size."""
        rest = memoryview(piece)
        while len(rest) >= self._missing:
            self._hash.update(rest[: self._missing])
            rest = rest[self._missing :]
            self._contents.append(self._hash.hexdigest())
            self._begin()
        self._hash.update(rest)
        self._missing -= len(rest)

    def hexdigest(self) -> str:
        """The keyed hash of everything so far."""
        whole = self._missing == CONTENT_BYTES and self._contents
        return sequence_hash(self._key, self._contents if whole else [*self._contents, self._hash.hexdigest()])
