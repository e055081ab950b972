"""Cuts what is stored: small documents stay whole, large ones are cut where their bytes say so."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from pyfastcdc import FastCDC

WHOLE_BYTES: Final = 1024 * 1024
"""Up to here a document is one content: half of a larger one is seldom found again by itself."""
CUT_BYTES: Final = 1024 * 1024
"""Between two cuts of a large document, on average (a quarter of it at least, four times as much at most)."""
WINDOW_BYTES: Final = 8 * 1024 * 1024
"""Of a large document in memory at once; twice the largest cut, so that a cut is where it would be in all of it."""


async def cut(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same bytes in contents; one empty content, if there are none."""
    window = bytearray()
    several = False
    async for piece in pieces:
        window += piece
        if len(window) >= WINDOW_BYTES:
            *whole, rest = await asyncio.to_thread(_cut, window)
            for content in whole:
                several = True
                yield content
            window = bytearray(rest)
    if not several and len(window) <= WHOLE_BYTES:
        yield bytes(window)
        return
    for content in await asyncio.to_thread(_cut, window):
        yield content


def _cut(window: bytearray) -> list[bytes]:
    return [bytes(chunk.data) for chunk in FastCDC(CUT_BYTES).cut_buf(bytes(window))]
