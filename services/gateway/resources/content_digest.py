"""What both ends say of the bytes of a part, as RFC 9530 writes it: `sha-256=:<base64>:`."""

import base64
import hashlib
import re
from typing import Final

HASHES: Final = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
"""Those in use; the others that are registered are broken or no digests, and may be passed over."""
_MEMBER: Final = re.compile(r"([a-z*][a-z0-9_.*-]*)=:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3})?)={0,2}:(;.*)?")
"""Of a dictionary of byte sequences (RFC 9651), whose parameters mean nothing here."""
_SHOWN: Final = 80
"""Characters of what is malformed: enough to find it by."""


def content_digest(data: bytes) -> str:
    """What is said of these bytes."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def content_digests(header: str) -> dict[str, bytes]:
    """The digests in `header`, by algorithm, of two by the same the later. Raises ValueError: what is malformed."""
    return dict(_member(text.strip(" \t")) for text in header.split(","))


def differing(data: bytes, digests: dict[str, bytes]) -> str | None:
    """The algorithm by which these bytes are others than was said, if there is one; unknown ones say nothing."""
    known = ((name, digest) for name, digest in digests.items() if name in HASHES)
    return next((name for name, digest in known if HASHES[name](data).digest() != digest), None)


def _member(text: str) -> tuple[str, bytes]:
    found = _MEMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text[:_SHOWN]}' is not of the form sha-256=:<base64>: or sha-512=:<base64>:")
    return found[1], base64.b64decode(found[2] + "=" * (-len(found[2]) % 4))
