"""Reads a dump from its first byte to its last as a load would, with no database: all of it is there, and how much."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from services.platform.connectors.database.children import PIPE_BYTES, Child, ChildGroups, Invocation, running
from services.platform.connectors.database.errors import LoadError
from services.platform.connectors.database.loading.load import Told, feed, reason
from services.platform.connectors.database.streams import closed_after
from services.platform.process.together import together

ARGUMENTS: Final = ("--format=custom", "--exit-on-error", "--no-owner", "--file=-")
CameOut = Callable[[int], None]
"""Told of so many more bytes; what it raises ends the reading."""
_LARGE_OBJECT: Final = re.compile(rb"lowrite\(0, '\\x[0-9a-f]*")
"""A piece of a large object in a script: two characters for each byte."""


async def read_whole(
    pg_restore: Path, dump: AsyncIterator[bytes], *, told: Told, came_out: CameOut, groups: ChildGroups | None
) -> int:
    """Have all of it read, in bounded memory; how many bytes it has when nothing in it is compressed, give or take 5 %.

    Raises LoadError for one that is cut short or damaged, and what `came_out` raises.
    """
    how = Invocation(pg_restore, ARGUMENTS, {"LC_ALL": "C"})
    async with running(how, feeds=True, groups=groups) as child:
        async with together() as group:
            counting = group.create_task(_count(child, came_out))
            async with closed_after(dump):
                await feed(child, dump, told)
        if await child.ended() != 0:
            raise LoadError(f"the dump cannot be read to its end: {reason(child.words) or 'pg_restore was killed'}")
        return counting.result()


async def _count(child: Child, came_out: CameOut) -> int:
    stdout = child.process.stdout
    assert stdout is not None  # noqa: S101 -- it always is a pipe
    size = 0
    while piece := await stdout.read(PIPE_BYTES):
        more = await asyncio.to_thread(_unpacked_bytes, piece)
        came_out(more)
        size += more
    return size


def _unpacked_bytes(piece: bytes) -> int:
    return len(piece) - sum(len(found[0]) for found in _LARGE_OBJECT.finditer(piece)) // 2
