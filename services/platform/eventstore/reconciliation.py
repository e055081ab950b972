"""Before the first decision: whether PostgreSQL still has every event that the log has (§2.1)."""

from services.platform.database import Database
from services.platform.eventstore.ports import LogReader


class Reconciliation:
    """Knows whether the service may decide: true from a look at the log until a connection to PostgreSQL is lost."""

    def __init__(self, database: Database, service: str, log: LogReader) -> None:
        self._database = database
        self._service = service
        self._log = log

    @property
    def holds(self) -> bool:
        """Nothing was lost since the last look."""
        raise NotImplementedError

    async def ensure(self) -> None:
        """Look at the log if nobody has since the last loss: own events that the table has are marked as published.

        Raises SetBackError when the log holds an own event that the table lacks, LogPartedError when the log is not
        the one that was written to. Both end the process: a person decides. Raises a TransientError while Kafka or
        PostgreSQL is away.
        """
        raise NotImplementedError
