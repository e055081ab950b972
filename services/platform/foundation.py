"""What every service that writes events opens first, in this order: its schema, the topics, the log, its own events."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Self

from contracts.topics import Topic
from services.platform.database import Database, silent_sessions_ended
from services.platform.eventstore.relay import OutboxRelay
from services.platform.eventstore.store import EventStore
from services.platform.eventstore.wiring import open_events
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import Settings


@dataclass(frozen=True)
class Foundation:
    """A service's access to PostgreSQL and Kafka; `relay.run()` is one of its background tasks."""

    database: Database
    producer: Producer
    reader: LogReader
    events: EventStore
    relay: OutboxRelay

    @classmethod
    async def open(cls, stack: AsyncExitStack, settings: Settings, service: str) -> Self:
        """Open all of it on `stack`.

        Raises a TransientError while an engine is not there, SetBackError and LogPartedError when the log and
        PostgreSQL have parted.
        """
        database = await Database.open(settings.postgres, schema=service)
        stack.push_async_callback(database.close)
        await stack.enter_async_context(silent_sessions_ended(database, settings.postgres.silent_seconds))
        await ensure_topics(settings.kafka)
        producer = await stack.enter_async_context(Producer.open(settings.kafka))
        reader = await stack.enter_async_context(LogReader.open(settings.kafka))
        events, relay = await open_events(database, service, partial(producer.send_batch, Topic.EVENTS), reader)
        return cls(database, producer, reader, events, relay)
