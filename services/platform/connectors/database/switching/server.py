"""Databases of a server as the provisioner handles them: made like the live one, dropped, closed, emptied, opened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from contracts.defaults import SILENT_SECONDS
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection, provisioning
from services.platform.connectors.database.errors import (
    DatabaseRefusedError,
    DatabaseUnreachableError,
    MissingRightsError,
    SwitchError,
)
from services.platform.connectors.database.quoting import identifier
from services.platform.connectors.database.switching.likeness import Likeness, creation
from services.platform.database import load_queries
from services.platform.process.seams import Seam, after, before

ENDING_SECONDS: Final = 15
"""A session that was told to end and is still there after so long holds on to something."""
LOOK_SECONDS: Final = 0.1

queries = load_queries("services.platform.connectors.database")


class DatabaseServer:
    """An environment's database server; every call is a connection of the provisioner of its own."""

    def __init__(self, access: DatabaseAccess) -> None:
        self.access = access

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """The provisioner in the maintenance database."""
        async with provisioning(
            self.access, self.access.maintenance_database, application="nightkeep provisioner"
        ) as connection:
            yield connection

    async def describe(self, name: str) -> Likeness | None:
        """What a database is; None when there is none of that name."""
        async with self.connected() as connection:
            return await describe(connection, name)

    async def create_like(self, model: str, name: str) -> None:
        """A new, empty database from template0, like `model` in all that cannot be changed later."""
        async with self.connected() as connection:
            like = await describe(connection, model)
            if like is None:
                raise DatabaseRefusedError(f"{self.access.server} has no database {model!r} to make another one like")
            await connection.execute(creation(name, like))

    async def names_like(self, pattern: str) -> list[str]:
        """The databases whose names fit a regular expression."""
        async with self.connected() as connection:
            return [row["name"] async for row in queries.databases_like(connection, pattern=pattern)]

    async def drop(self, name: str) -> None:
        """Remove a database with whoever is in it; one that is absent already is no error."""
        async with self.connected() as connection:
            await connection.execute(f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)")

    async def allow_connections(self, name: str) -> None:
        """Open a database again."""
        async with self.connected() as connection:
            await connection.execute(f"ALTER DATABASE {identifier(name)} ALLOW_CONNECTIONS true")

    async def refuse_connections(self, *names: str) -> None:
        """Close databases to new sessions, all of them or none; committed here, as pools do not see it before.

        Raises SwitchError when one is not there (any more): whoever slept, and was overtaken, closes nothing.
        """
        async with self.connected() as connection, connection.transaction():
            await end_if_asleep(connection)
            for name in names:
                if await describe(connection, name) is None:
                    raise SwitchError(f"there is no database {name!r} (any more), so nothing was closed")
                await connection.execute(f"ALTER DATABASE {identifier(name)} ALLOW_CONNECTIONS false")
            before(Seam.CLOSE)
        after(Seam.CLOSE)

    async def end_sessions(self, name: str) -> tuple[str, ...]:
        """End the sessions that are in a closed database; who they were.

        Raises MissingRightsError when a session may not be ended by the provisioner, DatabaseUnreachableError when one
        does not go.
        """
        async with self.connected() as connection:
            ended: dict[int, str] = {}
            try:
                async with asyncio.timeout(ENDING_SECONDS):
                    while sessions := await sessions_in(connection, name):
                        await self._end(connection, sessions)
                        ended |= sessions
                        await asyncio.sleep(LOOK_SECONDS)
            except TimeoutError as error:
                raise DatabaseUnreachableError(
                    f"sessions in {name!r} did not end within {ENDING_SECONDS} s: {'; '.join(ended.values())}"
                ) from error
            return tuple(ended.values())

    async def _end(self, connection: Connection, sessions: dict[int, str]) -> None:
        for pid, words in sessions.items():
            try:
                await queries.end_session(connection, pid=pid)
            except asyncpg.InsufficientPrivilegeError as error:
                who = self.access.provisioner.user
                raise MissingRightsError(
                    f"provisioner {who!r} may not end the session of {words}: disconnect it, or "
                    f"GRANT pg_signal_backend TO {who} (a superuser's session only a superuser can end)"
                ) from error


async def end_if_asleep(connection: Connection) -> None:
    """In this transaction the server ends the session of a process that sleeps: its locks would hold up a takeover."""
    await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{SILENT_SECONDS}s'")


async def describe(connection: Connection, name: str) -> Likeness | None:
    """What a database is; None when there is none of that name."""
    row = await queries.describe(connection, database=name)
    return Likeness(**dict(row)) if row else None


async def sessions_in(connection: Connection, name: str) -> dict[int, str]:
    """The sessions in a database: process id to words."""
    return {row["pid"]: row["words"] async for row in queries.sessions_in(connection, database=name)}
