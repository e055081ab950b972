"""Gathers what fits into memory, so that a small document costs one call instead of three."""

from collections.abc import AsyncIterator


async def gathered(pieces: AsyncIterator[bytes], enough_bytes: int) -> tuple[bytes, bool]:
    """The beginning, until there is enough or no more; and whether that is all."""
    found: list[bytes] = []
    size = 0
    async for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= enough_bytes:
            return b"".join(found), False
    return b"".join(found), True
