"""The front door to one environment's database."""

from contextlib import AbstractAsyncContextManager

from contracts import defaults
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.check import CheckReport, check
from services.platform.connectors.database.children import ChildGroups
from services.platform.connectors.database.dump import Dumper
from services.platform.connectors.database.snapshot import Snapshot, open_snapshot
from services.platform.connectors.database.tools import PostgresTools


class EnvironmentDatabase:
    """One environment's database: looked at and dumped.

    Opens nothing by itself; every method makes and closes its own connections.
    """

    def __init__(
        self,
        access: DatabaseAccess,
        tools: PostgresTools,
        *,
        children: ChildGroups | None = None,
        lock_wait_seconds: float = defaults.LOCK_WAIT_SECONDS,
        lock_tries: int = defaults.LOCK_TRIES,
    ) -> None:
        self.access = access
        self.tools = tools
        self._dumper = Dumper(access, tools, lock_wait_seconds, lock_tries, children)

    async def check(self, documents_query: str | None = None) -> CheckReport:
        """Look whether this environment can be backed up and restored into; raises nothing about the database.

        Findings: unreachable, wrong password, missing rights, a major without tools, encoding, row-level security and
        large objects that these rights cannot dump, what they cannot restore, a `documents_query` that does not run.
        """
        return await check(self.access, self.tools, documents_query)

    def open_snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Begin a repeatable-read transaction, export its snapshot and hold it until the context is left.

        Raises DatabaseUnreachableError, DatabaseRefusedError, AuthenticationError.
        """
        return open_snapshot(self.access, self._dumper)
