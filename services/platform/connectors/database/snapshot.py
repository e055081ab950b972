"""An exported snapshot: the one instant that a dump and a list of referenced documents both come from."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from contracts.values import Finding
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection, connected, server_version
from services.platform.connectors.database.dump import Dumper
from services.platform.connectors.database.references import Reference, stream_references
from services.platform.connectors.database.restorability import unrestorable

_NEVER_ENDED: Final = ("idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout")
_SINCE_17: Final = "transaction_timeout"
_TABLES: Final = """
SELECT count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""


@dataclass
class Snapshot:
    """A repeatable-read transaction held open on an environment's database, and what is read inside it.

    `name` is what PostgreSQL calls it; `taken_at` its instant by the server's clock, the backup's restore point: all
    that was committed before is in it. `server_version` is for example `18.6`.
    """

    name: str
    taken_at: datetime
    server_version: str
    major: int
    _connection: Connection
    _access: DatabaseAccess
    _dumper: Dumper
    _begun: float = field(default_factory=time.monotonic)
    _ended: float | None = None

    @property
    def held_seconds(self) -> float:
        """How long the snapshot has been held; the whole time once it was let go."""
        return (self._ended or time.monotonic()) - self._begun

    def references(self, query: str, *, batch_size: int = 10_000) -> AsyncGenerator[Sequence[Reference], None]:
        """Run `documents_query` inside the snapshot, by a server-side cursor.

        Raises ReferenceQueryError when it is no single reading statement, fails, or yields something else than
        `(uuid, bigint or null)`.
        """
        return stream_references(self._connection, query, batch_size)

    def dump(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """`pg_dump -Fc -Z0` of the whole database in this snapshot, as pieces of at most 1 MiB.

        Leaving the context kills a dump that still runs. Raises LockTimeoutError (after three tries, naming who holds
        the lock), DumpError, or a transient error when the connection broke. The stream raises at its end when pg_dump
        did not succeed, so bytes count only after the stream ended without an error.
        """
        return self._dumper.dump(self.name, self.major)

    async def table_count(self) -> int:
        """Tables that the dump holds (partitioned ones and partitions included)."""
        return int(await self._connection.fetchval(_TABLES))

    async def database_bytes(self) -> int:
        """The database's size on its server, indexes and dead rows included: for progress."""
        return int(await self._connection.fetchval("SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"))

    async def unrestorable(self) -> tuple[Finding, ...]:
        """What this database has that a restore could not bring back by itself (subscriptions, extensions…)."""
        return await unrestorable(self._connection, self._access)

    def let_go(self) -> None:
        """The transaction has ended."""
        self._ended = time.monotonic()


@asynccontextmanager
async def open_snapshot(access: DatabaseAccess, dumper: Dumper) -> AsyncIterator[Snapshot]:
    """Begin the transaction, export its snapshot, and hold both until the context is left."""
    async with connected(access, access.role, access.database, application="nightkeep snapshot") as connection:
        major = connection.get_server_version().major
        for timeout in (*_NEVER_ENDED, *((_SINCE_17,) if major >= 17 else ())):  # noqa: PLR2004 -- PostgreSQL 17
            await connection.execute(f"SET {timeout} = 0")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await _exported(connection, access, dumper)
            try:
                yield snapshot
            finally:
                snapshot.let_go()


async def _exported(connection: Connection, access: DatabaseAccess, dumper: Dumper) -> Snapshot:
    name = await connection.fetchval("SELECT pg_catalog.pg_export_snapshot()")
    taken_at = await connection.fetchval("SELECT pg_catalog.transaction_timestamp()")
    version = await server_version(connection)
    return Snapshot(name, taken_at, version, connection.get_server_version().major, connection, access, dumper)
