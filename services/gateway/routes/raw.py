"""How bytes that are no JSON are told of in the description of the API."""

from typing import Any, Final

OCTETS: Final = "application/octet-stream"
"""Nothing that a browser would show: the bytes are whatever somebody has uploaded."""


def content(*media_types: str) -> dict[str, Any]:
    """The `content` of a body or an answer that is bytes, of one of these kinds."""
    return {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}
