"""Feeds a stored dump to `pg_restore`, which loads it as the environment role and stops at the first error."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.children import Child, ChildGroups, running
from services.platform.connectors.database.errors import (
    DatabaseUnreachableError,
    LoadError,
    MissingRightsError,
    SpaceError,
)
from services.platform.connectors.database.libpq import invocation
from services.platform.connectors.database.loading.contents import Contents, Kind, as_list
from services.platform.connectors.database.passfile import path_in_child
from services.platform.connectors.database.quoting import conninfo
from services.platform.connectors.database.streams import closed_after
from services.platform.process.errors import NightkeepError

APPLICATION: Final = "nightkeep load"
Told = Callable[[int], Awaitable[None]]
"""Told how many bytes of the dump have been loaded so far."""
ARGUMENTS: Final = (
    "--format=custom",
    "--exit-on-error",
    "--no-owner",  # everything belongs to the role that loads
    "--no-acl",  # grants come afterwards, where their roles exist
    "--no-tablespaces",  # the new database is where the live one is
    "--no-subscriptions",
    "--no-security-labels",  # their providers are the other server's affair
)
REASON_CHARACTERS: Final = 600
_TELLING: Final = re.compile(r"error:|ERROR:|FATAL:|HINT:|from TOC entry|disconnected|connection")
_SPACE: Final = re.compile(r"No space left on device|disk full")
_BROKEN: Final = re.compile(
    r"terminating connection|server closed the connection|could not connect|connection to server"
)


async def load(  # noqa: PLR0913 -- a load has this many sides
    access: DatabaseAccess,
    pg_restore: Path,
    database: str,
    contents: Contents,
    dump: AsyncIterator[bytes],
    *,
    told: Told,
    groups: ChildGroups | None,
) -> int:
    """Load everything that is not run apart into `database`; how many bytes the dump had.

    Raises LoadError, SpaceError, MissingRightsError, DatabaseUnreachableError.
    """
    with _list_file(contents) as descriptor:
        arguments = (
            *ARGUMENTS,
            f"--use-list={path_in_child(descriptor)}",
            f"--dbname={conninfo({'dbname': database})}",
        )
        with invocation(access, access.role, pg_restore, arguments, application=APPLICATION) as how:
            async with running(how.with_descriptor(descriptor), feeds=True, groups=groups) as child:
                async with closed_after(dump):
                    size = await feed(child, dump, told)
                if await child.ended() != 0:
                    raise failure(child.words)
                return size


@contextmanager
def _list_file(contents: Contents) -> Iterator[int]:
    descriptor = os.memfd_create("nightkeep-list")
    try:
        os.write(descriptor, as_list(contents.of(Kind.ORDINARY)).encode("utf-8", "surrogateescape"))
        yield descriptor
    finally:
        os.close(descriptor)


async def feed(child: Child, dump: AsyncIterator[bytes], told: Told) -> int:
    """Give the whole dump; what the tool does not want any more is read all the same, so that every byte is checked."""
    stdin = child.process.stdin
    assert stdin is not None  # noqa: S101 -- it was asked for as a pipe
    size = 0
    wanted = True
    async for piece in dump:
        size += len(piece)
        if wanted:
            wanted = await _given(child, stdin, piece)
        if child.process.returncode:
            return size
        await told(size)
    await child.hang_up()
    return size


async def _given(child: Child, stdin: asyncio.StreamWriter, piece: bytes) -> bool:
    """Whether the tool took the piece; when it took no more it is about to end, and that is waited for."""
    try:
        stdin.write(piece)
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        await child.ended()
        return False
    return True


def failure(words: str) -> NightkeepError:
    """Why pg_restore failed, without the rows and the statement that it may cite."""
    said = reason(words)
    if _SPACE.search(words):
        return SpaceError(f"the database server ran out of space while loading: {said}. Free some, then restore again")
    if _BROKEN.search(words):
        return DatabaseUnreachableError(f"the load broke off: {said}")
    if "permission denied" in words or "must be " in words:
        return MissingRightsError(f"the environment's role may not create all that the dump holds: {said}")
    return LoadError(f"the dump could not be loaded: {said or 'pg_restore was killed'}")


def reason(words: str) -> str:
    """The telling lines: no row, no key, no statement text of an app gets into a log that is kept for ever."""
    lines = [line.strip() for line in words.splitlines() if _TELLING.search(line) and "CONTEXT:" not in line]
    return " ".join(lines)[:REASON_CHARACTERS]
