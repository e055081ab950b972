"""Which keys every store takes; what comes from outside is checked before a store sees it."""

from typing import Final

from services.platform.objectstore.errors import InvalidKeyError

KEY_BYTES: Final = 1024
"""S3's limit."""
PART_BYTES: Final = 255
"""Of one part between slashes: what file systems take, S3 servers that are built on one included."""


def checked(key: str) -> str:
    """`key`, if it is one. Raises InvalidKeyError."""
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidKeyError(f"the key {key!r} has an empty, '.' or '..' part")
    if "\0" in key or len(key.encode(errors="replace")) > KEY_BYTES:
        raise InvalidKeyError(f"the key {key[:80]!r} has a NUL or more than {KEY_BYTES} bytes")
    if any(len(part.encode(errors="replace")) > PART_BYTES for part in parts):
        raise InvalidKeyError(f"the key {key[:80]!r} has a part of more than {PART_BYTES} bytes")
    return key
