"""Streams of bytes cut anew, without keeping more than one cut in memory."""

from collections.abc import AsyncGenerator, AsyncIterator


async def grouped(pieces: AsyncIterator[bytes], size_bytes: int) -> AsyncGenerator[list[bytes], None]:
    """The same pieces in groups of exactly `size_bytes`, the last one shorter; one empty group, if there are none.

    Nothing is copied but a piece that two groups share.
    """
    group: list[bytes] = []
    missing = size_bytes
    several = False
    async for piece in pieces:
        while len(piece) >= missing:
            group.append(piece[:missing])
            piece = piece[missing:]  # noqa: PLW2901 -- the rest of the piece is the next piece
            whole, group, missing, several = group, [], size_bytes, True
            yield whole
            del whole  # whoever took it decides how long it lives
        if piece:
            group.append(piece)
            missing -= len(piece)
    if group or not several:
        yield group


async def regrouped(pieces: AsyncIterator[bytes], size_bytes: int) -> AsyncGenerator[bytes, None]:
    """The same, each group in one piece."""
    async for group in grouped(pieces, size_bytes):
        yield b"".join(group)
