"""Two relays of one service on a real broker: whichever has the place, the log has every event, in order, and once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import pytest

from contracts.events.apps import AppRegistered
from contracts.topics import Topic
from services.platform.database import Database
from services.platform.eventstore.relay import OutboxRelay
from services.platform.eventstore.store import EventStore
from services.platform.eventstore.wiring import open_events
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import KafkaSettings
from tests.support.databases import FreshDatabase
from tests.support.event_store import APP, SERVICE
from tests.support.events import NOON, cause
from tests.support.eventually import eventually

STREAMS: Final = 5
ROUNDS: Final = 30


@dataclass
class Life:
    """What one process of the service has of its own."""

    database: Database
    store: EventStore
    relay: OutboxRelay
    reader: LogReader

    async def append(self, number: int) -> None:
        """One event on each of some streams; each stream has a key, and with it a partition, of its own."""
        body = AppRegistered(app_id=APP, name=f"Grüße {number}", slug="a")
        for stream in range(STREAMS):
            async with self.database.transaction() as c:
                name = f"catalog/app/{stream}"
                await self.store.append(c, name, [body], cause(), f"key {stream}", after=number, now=NOON)

    async def nothing_waits(self) -> bool:
        """Whether all is noted as published."""
        async with self.database.transaction() as c:
            return not await c.fetchval("SELECT count(*) FROM event WHERE published_at IS NULL")

    async def appended(self) -> list[tuple[str, int, UUID, tuple[int, int]]]:
        """Key, place in its stream, id and noted place on the log of every event, in the order of the appends."""
        async with self.database.transaction() as c:
            rows = await c.fetch("SELECT * FROM event ORDER BY position")
        return [
            (row["key"], row["sequence"], row["event_id"], (row["log_partition"], row["log_offset"])) for row in rows
        ]

    async def logged(self) -> list[tuple[UUID, tuple[int, int]]]:
        """Id and place of every record, partition by partition."""
        ends = await self.reader.ends(Topic.EVENTS)
        return [
            (UUID(dict(one.record.headers)["ce_id"].decode()), one.place)
            for partition, end in sorted(ends.items())
            async for some in self.reader.read(Topic.EVENTS, partition, 0, end)
            for one in some
        ]


@pytest.fixture
async def lives(kafka_settings: KafkaSettings, fresh_database: FreshDatabase) -> AsyncIterator[list[Life]]:
    await ensure_topics(kafka_settings)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_life(kafka_settings, fresh_database)) for _ in range(2)]


@asynccontextmanager
async def _life(kafka: KafkaSettings, fresh_database: FreshDatabase) -> AsyncIterator[Life]:
    database = await Database.open(fresh_database(SERVICE), schema=SERVICE)
    try:
        async with Producer.open(kafka) as producer, LogReader.open(kafka) as reader:
            store, relay = await open_events(database, SERVICE, partial(producer.send_batch, Topic.EVENTS), reader)
            yield Life(database, store, relay, reader)
    finally:
        await database.close()


async def test_two_relays_at_once_put_every_event_on_the_log_once_and_in_order(lives: list[Life]) -> None:
    async with asyncio.TaskGroup() as group:
        relays = [group.create_task(life.relay.run()) for life in lives]
        for number in range(ROUNDS):
            await lives[number % 2].append(number)
        await eventually(lives[0].nothing_waits)
        for relay in relays:
            relay.cancel()
    appended = await lives[0].appended()
    assert sorted(await lives[0].logged()) == sorted((event_id, place) for _, _, event_id, place in appended)
    _must_be_in_order(appended, [event_id for event_id, _ in await lives[0].logged()])


async def test_relays_that_lose_the_place_under_way_leave_no_gap_and_no_other_order(
    lives: list[Life], fresh_database: FreshDatabase
) -> None:
    administrator = await Database.open(fresh_database(), schema="public")
    try:
        async with asyncio.TaskGroup() as group:
            relays = [group.create_task(life.relay.run()) for life in lives]
            for number in range(ROUNDS):
                await lives[1].append(number)
                if number % 5 == 0:
                    await _take_the_place_away(administrator)
            await eventually(lives[0].nothing_waits)
            for relay in relays:
                relay.cancel()
    finally:
        await administrator.close()
    appended, logged = await lives[0].appended(), await lives[0].logged()
    assert {event_id for event_id, _ in logged} == {event_id for _, _, event_id, _ in appended}
    assert {(event_id, place) for _, _, event_id, place in appended} <= set(logged)
    _must_be_in_order(appended, list(dict.fromkeys(event_id for event_id, _ in logged)))


def _must_be_in_order(appended: Sequence[tuple[str, int, UUID, tuple[int, int]]], logged: Sequence[UUID]) -> None:
    """Of each key, as they were appended."""
    for key in {key for key, *_ in appended}:
        wanted = [event_id for one, _, event_id, _ in appended if one == key]
        assert [event_id for event_id in logged if event_id in set(wanted)] == wanted, key


async def _take_the_place_away(administrator: Database) -> None:
    """End the session that holds the advisory lock, as a lost connection does."""
    async with administrator.transaction() as c:
        await c.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
