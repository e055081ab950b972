"""The front door to one environment's database."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from contracts import defaults
from contracts.values import Finding
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.snapshot import Snapshot
from services.platform.connectors.database.tools import PostgresTools


class ChildGroups(Protocol):
    """Where process groups of running tools are told, so that a lost lease can kill them (`JobRun.children`)."""

    def add(self, process_group: int) -> None:
        """A group runs."""
        ...

    def discard(self, process_group: int) -> None:
        """It has ended."""
        ...


@dataclass(frozen=True)
class CheckReport:
    """What a look at a database found; it passed when no finding is an error."""

    server_version: str | None
    findings: tuple[Finding, ...]


class EnvironmentDatabase:
    """One environment's database: looked at, dumped, loaded, switched.

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
        self._children = children
        self._lock_wait_seconds = lock_wait_seconds
        self._lock_tries = lock_tries

    async def check(self, documents_query: str | None = None) -> CheckReport:
        """Look whether this environment can be backed up and restored into; raises nothing about the database.

        Findings: unreachable, wrong password, missing rights, a major without tools, encoding, row-level security and
        large objects that these rights cannot dump, what they cannot restore, a `documents_query` that does not run.
        """
        raise NotImplementedError

    def open_snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Begin a repeatable-read transaction, export its snapshot and hold it until the context is left."""
        raise NotImplementedError


def passed(findings: Sequence[Finding]) -> bool:
    """Whether nothing stands in the way."""
    return all(finding.severity != "error" for finding in findings)
