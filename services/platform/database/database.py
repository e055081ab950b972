"""A pool of connections to one service's schema, and the transactions on it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import asyncpg

from services.platform.database.connection import (
    Connection,
    RawConnection,
    Record,
    connect_arguments,
    milliseconds,
    prepare,
)
from services.platform.database.errors import translated, translated_while_connecting
from services.platform.database.notifications import HeldLock, Notifications
from services.platform.process.seams import Seam, after, before
from services.platform.process.settings import PostgresSettings

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[Record]
else:
    Pool = asyncpg.Pool

ACQUIRE_SECONDS: Final = 15.0
"""Longer than a connection attempt may take; then the pool is exhausted or the server away."""
AWAKE_SHARE: Final = 0.3
"""A lock's session says a word after this share of the time in which it may be silent."""
BUSY_SECONDS: Final = 0.05
"""For so long all connections are in use before there is one more: it takes as long as some twenty short transactions,
and those who come at once, such as all parts of a service at its start, do with few of them.
"""
CLOSE_SECONDS: Final = 5.0
"""What connections in use are given before they are cut."""
GIVING_BACK_FAILED: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What the pool says of a connection that ended meanwhile: it throws it away, and what was done with it is done."""


class Database:
    """One service's access to its own schema. `schema` is its name, the role's unless told otherwise.

    `generation` rises whenever a connection was lost: whoever relies on what PostgreSQL said before looks again
    (architecture §2.1). Nothing may be SET on a connection but LOCAL: a transaction leaves nothing to be reset.
    """

    def __init__(self, settings: PostgresSettings, schema: str) -> None:
        self.schema = schema
        self.generation = 0
        self._silent_seconds = settings.silent_seconds
        self._with_state: set[int] = set()
        self._given_back = asyncio.Condition()
        self._turn = asyncio.Lock()
        self._pool: Pool = asyncpg.create_pool(
            **connect_arguments(settings, schema=schema),
            min_size=0,
            max_size=settings.connections,
            max_queries=sys.maxsize,  # never recycled: so a connection that ends was lost
            max_inactive_connection_lifetime=0,
            init=self._watch,
            reset=self._tidy,
        )

    @classmethod
    async def open(cls, settings: PostgresSettings, *, schema: str | None = None) -> Self:
        """Connect. Raises DatabaseUnavailableError when PostgreSQL is not there (yet)."""
        database = cls(settings, schema or settings.user)
        with translated_while_connecting():
            await database._pool
        async with database._acquired():
            return database

    async def close(self) -> None:
        """Close all connections; those in use are given a few seconds."""
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._pool.terminate()

    @asynccontextmanager
    async def transaction(self, seam: Seam = Seam.COMMIT) -> AsyncIterator[Connection]:
        """`async with database.transaction() as c:` commits at its end, rolls back on any error.

        `seam` names the commit. READ COMMITTED. Raises DatabaseUnavailableError and ConflictError, both worth another
        try.
        """
        async with self._acquired() as c:
            with translated():
                async with c.transaction():
                    yield c
                    before(seam)
                after(seam)

    @asynccontextmanager
    async def look(self) -> AsyncIterator[Connection]:
        """`async with database.look() as c:` for one statement that only reads, which is a transaction by itself.

        A transaction around it would ask PostgreSQL three times instead of once. Raises DatabaseUnavailableError.
        """
        async with self._acquired() as c:
            with translated():
                yield c

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[Notifications]:
        """`async with database.listen("outbox_catalog") as notifications:` on a connection of its own."""
        notifications = Notifications()
        async with self._session() as c:
            c.add_termination_listener(notifications.connection_lost)
            with translated():
                await c.add_listener(channel, notifications.arrived)
            try:
                yield notifications
            finally:
                with suppress(*GIVING_BACK_FAILED):  # a lost connection may be gone before its listener was told
                    c.remove_termination_listener(notifications.connection_lost)
                    await c.remove_listener(channel, notifications.arrived)

    @asynccontextmanager
    async def locked(self, name: str) -> AsyncIterator[HeldLock | None]:
        """The advisory lock `name` as long as its session lives, or None: somebody else holds it.

        The session ends when this process has been asleep for `silent_seconds`.
        """
        lock = HeldLock()
        async with self._session() as c:
            c.add_termination_listener(lock.connection_lost)
            with translated():  # the timeout first: who falls asleep in between must not keep the lock
                await c.execute(f"SET idle_session_timeout = '{milliseconds(self._silent_seconds)}'")
                held = await c.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name)
            try:
                if held:
                    async with _awake(c, self._silent_seconds * AWAKE_SHARE):
                        yield lock
                else:
                    yield None
            finally:
                with suppress(*GIVING_BACK_FAILED):  # the pool lets go of the lock when it takes the connection back
                    c.remove_termination_listener(lock.connection_lost)

    @asynccontextmanager
    async def _acquired(self, *, at_once: bool = False) -> AsyncIterator[Connection]:
        """`at_once`: whoever keeps it needs one more in any case."""
        with translated_while_connecting():
            async with asyncio.timeout(ACQUIRE_SECONDS):
                if not at_once:
                    await self._wait_while_busy()
                c = await self._pool.acquire()
        try:
            yield c
        finally:
            with suppress(*GIVING_BACK_FAILED):
                await self._pool.release(c, timeout=ACQUIRE_SECONDS)
            async with self._given_back:
                self._given_back.notify()

    async def _wait_while_busy(self) -> None:
        """Until a connection is idle, or for `BUSY_SECONDS`; one waits at a time, else all who wait connect at once."""
        async with self._turn:
            if self._pool.get_idle_size() or self._pool.get_size() in {0, self._pool.get_max_size()}:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(BUSY_SECONDS), self._given_back:
                    await self._given_back.wait_for(self._pool.get_idle_size)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Connection]:
        """A connection that may have more than a transaction leaves behind: all of it is reset at the end."""
        async with self._acquired(at_once=True) as c:
            self._with_state.add(c.get_server_pid())
            yield c

    async def _tidy(self, connection: RawConnection) -> None:
        """What the pool calls before a connection's next user; an open transaction is rolled back by then."""
        if (pid := connection.get_server_pid()) in self._with_state:
            self._with_state.discard(pid)
            await connection.execute(connection.get_reset_query())

    async def _watch(self, connection: RawConnection) -> None:
        await prepare(connection)
        connection.add_termination_listener(self._lost)

    def _lost(self, _connection: object) -> None:
        self.generation += 1


@asynccontextmanager
async def _awake(c: Connection, every_seconds: float) -> AsyncIterator[None]:
    """While the block runs, the session is not idle for longer."""
    saying = asyncio.create_task(_say_something(c, every_seconds))
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)  # the connection is free for its next user then


async def _say_something(c: Connection, every_seconds: float) -> None:
    """Until the connection is lost, which its listeners are told."""
    with suppress(*GIVING_BACK_FAILED):
        while True:
            await asyncio.sleep(every_seconds)
            await c.execute("SELECT")
