"""Runs `pg_dump` inside an exported snapshot: a stream of bounded pieces that never waits long for an app's locks."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.blockers import waited_for_by
from services.platform.connectors.database.children import PIPE_BYTES, Child, ChildGroups, running
from services.platform.connectors.database.connection import connected
from services.platform.connectors.database.errors import (
    DatabaseUnreachableError,
    DumpError,
    LockTimeoutError,
    MissingRightsError,
)
from services.platform.connectors.database.libpq import NEEDS_TLS, invocation
from services.platform.connectors.database.quoting import conninfo
from services.platform.connectors.database.tools import PostgresTools
from services.platform.process.errors import NightkeepError

LOOK_SECONDS: Final = 0.5
"""Between two looks at who blocks a dump that has not begun; a look is one small query."""
_LOCK_TIMEOUT: Final = re.compile(r"statement timeout|lock timeout")
_BROKEN: Final = re.compile(r"connection|server closed|terminating|shutting down|starting up|could not receive")
_RIGHTS: Final = re.compile(r"permission denied|must be owner|row-level security")


@dataclass
class _Watch:
    """Remembers who was last seen blocking."""

    blockers: Sequence[str] = field(default=())

    async def look(self, access: DatabaseAccess, application: str) -> None:
        """Look for ever; a look that fails is a look less."""
        with suppress(NightkeepError):
            async with connected(access, access.role, access.database) as connection:
                while True:
                    self.blockers = await waited_for_by(connection, application) or self.blockers
                    await asyncio.sleep(LOOK_SECONDS)


@dataclass(frozen=True)
class Dumper:
    """Dumps one environment's database, with the tools of its server's major version."""

    access: DatabaseAccess
    tools: PostgresTools
    lock_wait_seconds: float
    lock_tries: int
    groups: ChildGroups | None = None

    @asynccontextmanager
    async def dump(self, snapshot: str, major: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `Snapshot.dump`. pg_dump takes all its locks before its first byte, so a try that met one left none."""
        watch = _Watch()
        for _ in range(self.lock_tries):
            async with self._started(snapshot, major, watch) as (child, first):
                if first is not None:
                    yield _pieces(child, first)
                    return
        raise LockTimeoutError(
            f"the dump waited {self.lock_tries} times {self.lock_wait_seconds:g} s for a lock that is held by "
            f"{'; '.join(watch.blockers) or 'a session that this role may not see'}: end it, or back up later"
        )

    @asynccontextmanager
    async def _started(self, snapshot: str, major: int, watch: _Watch) -> AsyncIterator[tuple[Child, bytes | None]]:
        """A running pg_dump and its first bytes; None when it met a lock."""
        application = f"nightkeep dump {uuid.uuid4().hex[:12]}"
        program = await self.tools.directory(major, tls=self.access.sslmode in NEEDS_TLS) / "pg_dump"
        with invocation(
            self.access, self.access.role, program, self._arguments(snapshot), application=application
        ) as how:
            async with running(how, groups=self.groups) as child:
                looking = asyncio.create_task(watch.look(self.access, application))
                try:
                    first = await _first_bytes(child)
                finally:
                    looking.cancel()
                    await asyncio.gather(looking, return_exceptions=True)
                yield child, first

    def _arguments(self, snapshot: str) -> Sequence[str]:
        milliseconds = max(1, round(self.lock_wait_seconds * 1000))
        return (
            "--format=custom",
            "--compress=0",
            f"--snapshot={snapshot}",
            f"--lock-wait-timeout={milliseconds}",
            "--no-subscriptions",  # their connection strings hold passwords, and no restore creates them
            f"--dbname={conninfo({'dbname': self.access.database})}",
        )


async def _first_bytes(child: Child) -> bytes | None:
    first = await _read(child)
    if not first and await child.ended() != 0 and _LOCK_TIMEOUT.search(child.words):
        return None
    if not first:
        await _succeeded(child)
        raise DumpError("pg_dump ended without a dump")
    return first


async def _pieces(child: Child, first: bytes) -> AsyncIterator[bytes]:
    yield first
    while piece := await _read(child):
        yield piece
    await _succeeded(child)


async def _read(child: Child) -> bytes:
    assert child.process.stdout is not None  # noqa: S101 -- it was asked for as a pipe
    return await child.process.stdout.read(PIPE_BYTES)


async def _succeeded(child: Child) -> None:
    code = await child.ended()
    if code != 0:
        raise _failure(child.words, code)


def _failure(words: str, code: int) -> NightkeepError:
    said = " ".join(words.split()) or f"exit code {code}"
    if _RIGHTS.search(words):
        return MissingRightsError(f"pg_dump may not read everything: {said}")
    if code < 0 or _BROKEN.search(words):
        return DatabaseUnreachableError(f"the dump broke off: {said}")
    return DumpError(f"pg_dump failed: {said}")
