"""Feeds a stored dump to `pg_restore`, which loads it as the environment role and stops at the first error.

Rows come through a pipe, in one session. What is made of them behind that (indexes, constraints, triggers) needs no
more of the dump than its head, and is made in several sessions.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
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
from services.platform.connectors.database.loading.archive import Archive
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
ROWS: Final = ("--section=pre-data", "--section=data")
MADE_OF_ROWS: Final = "--section=post-data"
AT_ONCE: Final = 2
"""Sessions that make indexes, or gather statistics: what one does is bound by its processor, and the server has others
to serve."""
REASON_CHARACTERS: Final = 600
_TELLING: Final = re.compile(r"error:|ERROR:|FATAL:|HINT:|from TOC entry|disconnected|connection")
_SPACE: Final = re.compile(r"No space left on device|disk full")
_BROKEN: Final = re.compile(
    r"terminating connection|server closed the connection|could not connect|connection to server"
)


@dataclass(frozen=True)
class Load:
    """Loads dumps into `database`, whatever of them is not run apart."""

    access: DatabaseAccess
    pg_restore: Path
    database: str
    scratch: Path
    groups: ChildGroups | None

    async def run(self, archive: Archive, dump: AsyncIterator[bytes], told: Told) -> int:
        """Load one; how many bytes it had.

        Raises LoadError, SpaceError, MissingRightsError, DatabaseUnreachableError.
        """
        with TemporaryDirectory(dir=self.scratch, prefix="nightkeep-load-") as directory:
            head = Path(directory) / "head"
            kept = _keeping(dump, head, archive.head_bytes)
            async with self._running(archive, ROWS, feeds=True) as child, closed_after(dump), closed_after(kept):
                size = await feed(child, kept, told)
            async with self._running(archive, (MADE_OF_ROWS, f"--jobs={AT_ONCE}", str(head))):
                return size

    @asynccontextmanager
    async def _running(
        self, archive: Archive, arguments: Sequence[str], *, feeds: bool = False
    ) -> AsyncIterator[Child]:
        """A `pg_restore` that has ended well behind this context."""
        with _list_file(archive.contents) as descriptor:
            use = f"--use-list={path_in_child(descriptor)}"
            into = f"--dbname={conninfo({'dbname': self.database})}"
            everything = (*ARGUMENTS, use, into, *arguments)
            with invocation(self.access, self.access.role, self.pg_restore, everything, application=APPLICATION) as how:
                async with running(how.with_descriptor(descriptor), feeds=feeds, groups=self.groups) as child:
                    yield child
                    if await child.ended() != 0:
                        raise failure(child.words)


async def _keeping(dump: AsyncIterator[bytes], head: Path, head_bytes: int) -> AsyncIterator[bytes]:
    """The same dump, the first of its bytes kept in a file."""
    missing = head_bytes
    with head.open("wb", buffering=0) as kept:
        async for piece in dump:
            if missing > 0:
                await asyncio.to_thread(kept.write, piece[:missing])
                missing -= len(piece)
            yield piece


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
    stdin.close()
    with suppress(BrokenPipeError, ConnectionResetError):
        await stdin.wait_closed()
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
