"""An exported snapshot: the one instant that a dump and a list of referenced documents both come from."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.values import Finding


@dataclass(frozen=True)
class Reference:
    """A document that a row refers to; `size_bytes` is None where the app does not keep it."""

    document_id: UUID
    size_bytes: int | None


class Snapshot(Protocol):
    """A repeatable-read transaction held open on an environment's database, and what is read inside it."""

    @property
    def taken_at(self) -> datetime:
        """The instant of the snapshot by the database server's clock: the backup's restore point."""
        ...

    @property
    def server_version(self) -> str:
        """For example `18.6`."""
        ...

    @property
    def held_seconds(self) -> float:
        """How long the snapshot has been held; the whole time once it was let go."""
        ...

    def references(self, query: str, *, batch_size: int = 10_000) -> AsyncIterator[Sequence[Reference]]:
        """Run `documents_query` inside the snapshot, by a server-side cursor.

        Raises ReferenceQueryError when it is no single reading statement, fails, or yields something else than
        `(uuid, bigint or null)`.
        """
        ...

    def dump(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """`pg_dump -Fc -Z0` of the whole database in this snapshot, as pieces of at most 1 MiB.

        Leaving the context kills a dump that still runs. Raises LockTimeoutError (after three tries, naming who holds
        the lock), DumpError, or a transient error when the connection broke. The stream raises at its end when pg_dump
        did not succeed, so bytes count only after the stream ended without an error.
        """
        ...

    async def table_count(self) -> int:
        """Tables that the dump holds (partitioned ones and partitions included)."""
        ...

    async def database_bytes(self) -> int:
        """The database's size on its server: an upper guess of the dump's, for progress."""
        ...

    async def unrestorable(self) -> tuple[Finding, ...]:
        """What this database has that a restore could not bring back by itself (subscriptions, extensions…)."""
        ...
