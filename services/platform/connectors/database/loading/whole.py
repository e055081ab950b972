"""Reads a dump from its first byte to its last as a load would, with no database: all of it is there, and how much."""

import asyncio
import fcntl
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import Final

from services.platform.connectors.database.children import PIPE_BYTES, Child, ChildGroups, Invocation, running
from services.platform.connectors.database.errors import LoadError
from services.platform.connectors.database.loading.load import Told, feed, reason
from services.platform.connectors.database.passfile import path_in_child
from services.platform.connectors.database.streams import closed_after
from services.platform.process.together import together

ARGUMENTS: Final = ("--format=custom", "--exit-on-error", "--no-owner")
CameOut = Callable[[int], None]
"""Told of so many more bytes; what it raises ends the reading."""
_LARGE_OBJECT: Final = re.compile(rb"lowrite\(0, '\\x[0-9a-f]*")
"""A piece of a large object in a script: two characters for each byte."""
_DIGITS: Final = re.compile(rb"[0-9a-f]*")


async def read_whole(
    pg_restore: Path, dump: AsyncIterator[bytes], *, told: Told, came_out: CameOut, groups: ChildGroups | None
) -> int:
    """Have all of it read, in bounded memory; how many bytes it has when nothing in it is compressed, give or take 5 %.

    Raises LoadError for one that is cut short or damaged, and what `came_out` raises.
    """
    reading, writing = os.pipe()
    arguments = (*ARGUMENTS, f"--file={path_in_child(writing)}")
    how = Invocation(pg_restore, arguments, {"LC_ALL": "C"}, descriptors=(writing,))
    with os.fdopen(reading, "rb", buffering=0) as script:
        async with _running(how, writing, groups) as child:
            async with together() as group:
                counting = group.create_task(asyncio.to_thread(_count, script, came_out))
                async with closed_after(dump):
                    await feed(child, dump, told)
            code = await child.ended()
        if code != 0:
            raise LoadError(f"the dump cannot be read to its end: {reason(child.words) or 'pg_restore was killed'}")
        return counting.result()


@asynccontextmanager
async def _running(how: Invocation, writing: int, groups: ChildGroups | None) -> AsyncIterator[Child]:
    """The tool, which alone has the writing end of the pipe then."""
    with suppress(OSError):  # as it is, it is only slower: the two would take turns for every 64 KiB
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    try:
        async with running(how, feeds=True, groups=groups) as child:
            os.close(writing)
            writing = -1
            yield child
    finally:
        if writing >= 0:
            os.close(writing)


def _count(script: RawIOBase, came_out: CameOut) -> int:
    size = 0
    for more in counted(iter(lambda: script.read(PIPE_BYTES) or b"", b"")):
        came_out(more)
        size += more
    return size


def counted(script: Iterable[bytes]) -> Iterator[int]:
    """Of each part of a script its bytes, wherever it is cut; of large objects, which are digits there, their own."""
    goes_on = False
    for part in script:
        digits = _DIGITS.match(part) if goes_on else None
        found = [*filter(None, [digits]), *_LARGE_OBJECT.finditer(part)]
        goes_on = bool(found) and found[-1].end() == len(part)
        yield len(part) - sum(len(one[0]) for one in found) // 2
