"""Reads a dump from its first byte to its last as a load would, with no database, to see that all of it is there."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from services.platform.connectors.database.children import ChildGroups, Invocation, running
from services.platform.connectors.database.errors import LoadError
from services.platform.connectors.database.loading.load import Told, feed, reason
from services.platform.connectors.database.streams import closed_after

ARGUMENTS: Final = ("--format=custom", "--exit-on-error", "--file=/dev/null")


async def read_whole(pg_restore: Path, dump: AsyncIterator[bytes], *, told: Told, groups: ChildGroups | None) -> None:
    """Have all of it read, in bounded memory. Raises LoadError for one that is cut short or damaged."""
    how = Invocation(pg_restore, ARGUMENTS, {"LC_ALL": "C"})
    async with running(how, feeds=True, groups=groups) as child:
        async with closed_after(dump):
            await feed(child, dump, told)
        if await child.ended() != 0:
            raise LoadError(f"the dump cannot be read to its end: {reason(child.words) or 'pg_restore was killed'}")
