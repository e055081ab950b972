"""A pool of connections to one service's schema, and the transactions on it."""

from contextlib import AbstractAsyncContextManager
from typing import Self

from services.platform.database.connection import Connection
from services.platform.database.notifications import Notifications
from services.platform.process.settings import PostgresSettings


class Database:
    """One service's access to its own schema. `schema` is its name, the role's unless told otherwise.

    `generation` rises whenever a connection was lost: whoever relies on what PostgreSQL said before looks again
    (architecture §2.1).
    """

    schema: str
    generation: int

    @classmethod
    async def open(cls, settings: PostgresSettings, *, schema: str | None = None) -> Self:
        """Connect. Raises DatabaseUnavailableError when PostgreSQL is not there (yet)."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close all connections; those in use are given a few seconds."""
        raise NotImplementedError

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """`async with database.transaction() as c:` commits at its end, rolls back on any error.

        Raises DatabaseUnavailableError and ConflictError, both worth another try. READ COMMITTED.
        """
        raise NotImplementedError

    def listen(self, channel: str) -> AbstractAsyncContextManager[Notifications]:
        """`async with database.listen("outbox_catalog") as notifications:` on a connection of its own."""
        raise NotImplementedError

    def locked(self, name: str) -> AbstractAsyncContextManager[Connection | None]:
        """A connection that holds the advisory lock `name` as long as its session lives, or None: somebody else does.

        The connection is in no transaction.
        """
        raise NotImplementedError
