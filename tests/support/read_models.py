"""A read model of its own for a test, the log before it, and the means to look at both."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.catalog.projection.keeper import Projection
from services.catalog.projection.live import LiveProjection
from services.catalog.projection.replay import Replayer
from services.platform.database import Database, migrate
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.in_process import running


@dataclass
class Reading:
    """What a test puts on the log, and what it finds in the read model."""

    database: Database
    projection: Projection
    replayer: Replayer
    producer: Producer
    settings: KafkaSettings
    postgres: PostgresSettings

    async def put(self, records: Sequence[RawRecord]) -> None:
        """Put records on the log."""
        await self.producer.send_batch(Topic.EVENTS, records)

    async def document(self, table: str) -> dict[str, Any] | None:
        """One row's document, if there is a row."""
        async with self.database.transaction() as c:
            found: dict[str, Any] | None = await c.fetchval(f"SELECT document FROM read.{table}")  # noqa: S608 -- ours
            return found

    async def documents(self) -> dict[str, list[Any]]:
        """All that the read model holds, with its places in streams."""
        tables = (
            "app",
            "environment",
            "backup",
            "restore",
            "preflight",
            "slot",
            "policy_change",
            "stream_position",
            "listed_day",
            "audit",
        )
        async with self.database.transaction() as c:
            return {one: sorted(map(str, await c.fetch(f"SELECT * FROM read.{one}"))) for one in tables}  # noqa: S608 -- ours

    async def days(self) -> dict[str, list[Any]]:
        """How many backups are in the list by environment and day, as kept and as counted."""
        kept = "SELECT environment_id, day, backups FROM read.listed_day"
        counted = (
            "SELECT environment_id, (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS backups FROM read.backup"
            " WHERE state IN ('queued', 'running', 'completed', 'failed') GROUP BY 1, 2"
        )
        async with self.database.transaction() as c:
            return {name: sorted(map(str, await c.fetch(sql))) for name, sql in (("kept", kept), ("counted", counted))}

    async def forget(self) -> None:
        """Empty the read model: the log is to be read again from its beginning."""
        async with self.database.transaction() as c:
            await c.execute(
                "TRUNCATE read.app, read.environment, read.backup, read.restore, read.preflight, read.slot,"
                " read.policy_change, read.audit"
            )
            await c.execute("DELETE FROM stream_position WHERE consumer = 'projection'")
            await c.execute("DELETE FROM consumer_offset WHERE consumer = 'projection'")

    async def caught_up(self) -> bool:
        """Whether everything on the log is in the read model."""
        return await self.replayer.behind() == 0

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """The projection follows the log live."""
        async with self.following(self.projection), running([self.replayer.run()]):
            yield

    def following(self, projection: Projection) -> AbstractAsyncContextManager[None]:
        """One that follows live, by itself: what it leaves out, nobody fills."""
        return running([LiveProjection(self.settings, projection, None).run()])


@asynccontextmanager
async def open_reading(kafka: KafkaSettings, postgres: PostgresSettings) -> AsyncIterator[Reading]:
    """An empty read model in the catalog's database, and an empty log."""
    async with AsyncExitStack() as stack:
        await ensure_topics(kafka)
        database = await Database.open(postgres)
        stack.push_async_callback(database.close)
        await migrate(database, "services.platform.eventstore", "catalog")
        await migrate(database, "services.catalog.projection", "read")
        producer = await stack.enter_async_context(Producer.open(kafka))
        reader = await stack.enter_async_context(LogReader.open(kafka))
        projection = Projection(database, Topic.EVENTS.named(kafka.topic_prefix))
        yield Reading(database, projection, Replayer(projection, reader), producer, kafka, postgres)
