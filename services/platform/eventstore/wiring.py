"""The one way to set up a service's own events, so that no service decides before it has looked at the log."""

from services.platform.database import Database, migrate
from services.platform.eventstore.ports import LogReader, Publish
from services.platform.eventstore.reach import Reach
from services.platform.eventstore.reconciliation import Reconciliation
from services.platform.eventstore.relay import OutboxRelay
from services.platform.eventstore.store import EventStore
from services.platform.process.ids import NewId, random_id


async def open_events(
    database: Database, service: str, publish: Publish, reader: LogReader, *, new_id: NewId = random_id
) -> tuple[EventStore, OutboxRelay]:
    """The migrated, reconciled event store of `service` and the relay whose `run` is one of its background tasks.

    `publish` is `partial(producer.send_batch, Topic.EVENTS)`. Raises SetBackError, LogPartedError or a TransientError.
    """
    await migrate(database, "services.platform.eventstore", database.schema)
    reconciliation = Reconciliation(database, service, reader)
    await reconciliation.ensure()
    store = EventStore(service, new_id=new_id, reconciliation=reconciliation)
    return store, OutboxRelay(database, service, publish, reconciliation, Reach(reader))
