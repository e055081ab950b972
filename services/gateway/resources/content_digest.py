"""What both ends say of the bytes of a part."""

import base64
import hashlib


def content_digest(data: bytes) -> str:
    """As RFC 9530 writes it: `sha-256=:<base64>:`."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
