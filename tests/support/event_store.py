"""A service's own events on a real database, before a log in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from contracts.envelope import Event, Message
from contracts.events.apps import AppRegistered
from services.platform.database import Database
from services.platform.eventstore.reconciliation import Reconciliation
from services.platform.eventstore.relay import OutboxRelay
from services.platform.eventstore.store import EventStore
from services.platform.eventstore.wiring import open_events
from services.platform.process.settings import PostgresSettings
from tests.support.event_log import InMemoryEventLog
from tests.support.events import NOON, cause

SERVICE = "catalog"
APP = UUID(int=1)


@dataclass
class OwnEvents:
    """The event store under test, its relay and what it publishes to."""

    database: Database
    store: EventStore
    relay: OutboxRelay
    log: InMemoryEventLog

    async def append(self, stream: str, count: int = 1, *, after: int = 0, key: str = "k") -> Sequence[Message[Event]]:
        """Append `count` events in a transaction of their own."""
        bodies = [AppRegistered(app_id=APP, name=f"Grüße {number}", slug="a") for number in range(count)]
        async with self.database.transaction() as c:
            return await self.store.append(c, stream, bodies, cause(), key, after=after, now=NOON)

    async def publish_all(self) -> None:
        """What the relay does until nothing is left."""
        while await self.relay.publish_batch():
            pass

    async def forget(self, *events: Message[Event]) -> None:
        """Set PostgreSQL back to where these events had not been."""
        ids = [event.envelope.id for event in events]
        async with self.database.transaction() as c:
            await c.execute("DELETE FROM event WHERE event_id = ANY ($1::uuid[])", ids)

    async def unnote(self) -> None:
        """As if the relay had died between the log's answer and its note of it."""
        async with self.database.transaction() as c:
            await c.execute("UPDATE event SET published_at = NULL, log_partition = NULL, log_offset = NULL")

    async def unpublished(self) -> int:
        """How many events the outbox holds."""
        async with self.database.transaction() as c:
            return int(await c.fetchval("SELECT count(*) FROM event WHERE published_at IS NULL"))

    def look_again(self) -> Reconciliation:
        """The reconciliation of a process that starts now."""
        return Reconciliation(self.database, SERVICE, self.log)


@asynccontextmanager
async def open_own_events(settings: PostgresSettings, log: InMemoryEventLog) -> AsyncIterator[OwnEvents]:
    """Everything that a service has for its own events."""
    database = await Database.open(settings, schema=SERVICE)
    store, relay = await open_events(database, SERVICE, log.publish, log)
    try:
        yield OwnEvents(database, store, relay, log)
    finally:
        await database.close()
