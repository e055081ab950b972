"""A follower of the log under test: what it did, and the means to put events before it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contracts.codec import RawRecord
from contracts.envelope import Event, Message
from contracts.events.apps import AppRegistered
from contracts.events.backups import BackupFailed, BackupStarted
from contracts.topics import Topic
from services.platform.database import Connection, Database, migrate
from services.platform.messaging.follower import EventFollower, Reactions
from services.platform.messaging.producer import Producer
from services.platform.messaging.topics import ensure_topics
from services.platform.process.errors import PermanentError, TransientError
from services.platform.process.settings import KafkaSettings
from tests.support.databases import FreshDatabase


@dataclass
class Followed:
    """Notes each event in a table, as an effect that commits with its receipt; fails where a test wants it to."""

    database: Database
    settings: KafkaSettings
    producer: Producer
    poison: set[UUID] = field(default_factory=set)
    failures: dict[UUID, int] = field(default_factory=dict)

    async def note(self, c: Connection, message: Message[Any]) -> None:
        """The reaction."""
        message_id = message.envelope.id
        await c.execute("INSERT INTO noted (stream, sequence) VALUES ($1, $2)", *_place(message))
        if self.failures.get(message_id):
            self.failures[message_id] -= 1
            raise TransientError("not now")
        if message_id in self.poison:
            raise PermanentError("it cannot be")

    async def noted(self) -> list[str]:
        """What was noted, in that order, like `snapshot/backup/1:2`."""
        async with self.database.transaction() as c:
            rows = await c.fetch("SELECT stream, sequence FROM noted ORDER BY position")
        return [f"{row['stream']}:{row['sequence']}" for row in rows]

    async def waiting(self) -> list[str]:
        """What is parked."""
        async with self.database.transaction() as c:
            rows = await c.fetch("SELECT stream, sequence FROM parked_record ORDER BY partition, log_offset")
        return [f"{row['stream']}:{row['sequence']}" for row in rows]

    async def put(self, *records: RawRecord) -> None:
        """Puts events on the log."""
        await self.producer.send_batch(Topic.EVENTS, records)

    def follower(self, *more: type[Event]) -> EventFollower:
        """One instance, which follows as `snapshot`; `more` are events that it reacts to besides."""
        reactions: Reactions = dict.fromkeys((AppRegistered, BackupStarted, BackupFailed, *more), self.note)
        return EventFollower("snapshot", self.database, self.settings, reactions)

    @asynccontextmanager
    async def following(self, *more: type[Event]) -> AsyncIterator[EventFollower]:
        """One instance that runs."""
        follower = self.follower(*more)
        task = asyncio.create_task(follower.run())
        try:
            yield follower
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def open_followed(kafka_settings: KafkaSettings, fresh_database: FreshDatabase) -> AsyncIterator[Followed]:
    """Topics and tables of its own."""
    await ensure_topics(kafka_settings)
    database = await Database.open(fresh_database("snapshot"))
    await migrate(database, "services.platform.eventstore", "snapshot")
    async with database.transaction() as c:
        await c.execute("CREATE TABLE noted (position serial, stream text, sequence int, UNIQUE (stream, sequence))")
    async with Producer.open(kafka_settings) as producer:
        yield Followed(database, kafka_settings, producer)
    await database.close()


def _place(message: Message[Any]) -> tuple[str | None, int | None]:
    return message.envelope.subject, message.envelope.sequence
