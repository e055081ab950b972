"""Streams of bytes cut anew, without keeping more than one cut in memory."""

from collections.abc import AsyncGenerator, AsyncIterator


async def regrouped(pieces: AsyncIterator[bytes], size_bytes: int) -> AsyncGenerator[bytes, None]:
    """The same bytes in groups of exactly `size_bytes`, the last one shorter; one empty group, if there are none."""
    gathered: list[bytes] = []
    missing = size_bytes
    several = False
    async for piece in pieces:
        while len(piece) >= missing:
            gathered.append(piece[:missing])
            piece = piece[missing:]  # noqa: PLW2901 -- the rest of the piece is the next piece
            yield b"".join(gathered)
            gathered, missing, several = [], size_bytes, True
        if piece:
            gathered.append(piece)
            missing -= len(piece)
    if gathered or not several:
        yield b"".join(gathered)
