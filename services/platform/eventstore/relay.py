"""The outbox's way to the log: one relay per service, in append order, begun again at the first unpublished row."""

from services.platform.database import Database
from services.platform.eventstore.ports import Publish
from services.platform.eventstore.reconciliation import Reconciliation


class OutboxRelay:
    """Publishes what was appended. Every process of a service runs one; the advisory lock lets one of them work."""

    def __init__(self, database: Database, service: str, publish: Publish, reconciliation: Reconciliation) -> None:
        self._database = database
        self._service = service
        self._publish = publish
        self._reconciliation = reconciliation

    async def run(self) -> None:
        """Publish for ever, again after transient errors. Raises SetBackError and LogPartedError: the process ends."""
        raise NotImplementedError
