"""Names of contents in the second format: keyed BLAKE3, marked as such; without the key they tell nothing."""

from typing import Final

from blake3 import blake3

PREFIX: Final = "b3:"
"""Tells these names from those of the first format, so that a list may hold either."""
DIGEST_BYTES: Final = 32


def name_of(key: bytes, data: bytes) -> str:
    """The name of a content."""
    return PREFIX + blake3(data, key=key).hexdigest()


def is_second(name: str) -> bool:
    """Whether it is a name of the second format."""
    return name.startswith(PREFIX)


def digest_of(name: str) -> bytes:
    """The 32 bytes in a name of either format."""
    return bytes.fromhex(name.removeprefix(PREFIX))


def name_from(digest: bytes) -> str:
    """The name that holds these 32 bytes."""
    return PREFIX + digest.hex()


class WholeHasher:
    """The keyed hash of bytes of any size, in pieces; see the port's Hasher."""

    def __init__(self, key: bytes) -> None:
        self._hash = blake3(key=key)

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Add a piece of any size."""
        self._hash.update(piece)

    def hexdigest(self) -> str:
        """The keyed hash of everything so far, in the form of a name."""
        return PREFIX + self._hash.hexdigest()
