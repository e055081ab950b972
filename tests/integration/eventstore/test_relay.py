"""The relay: append order, again from the first unpublished row, one at a time, woken at commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from contracts.codec import decode
from services.platform.database import Database
from services.platform.eventstore import relay as relay_module
from services.platform.eventstore.relay import OutboxRelay
from services.platform.process.errors import TransientError
from tests.support.databases import FreshDatabase
from tests.support.event_log import InMemoryEventLog
from tests.support.event_store import SERVICE, OwnEvents, open_own_events
from tests.support.eventually import eventually


@asynccontextmanager
async def running(*relays: OutboxRelay) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def places(log: InMemoryEventLog) -> list[str]:
    messages = [decode(written.record) for written in log.written]
    return [f"{message.envelope.subject}:{message.envelope.sequence}" for message in messages]


async def everything_is_published(own: OwnEvents) -> bool:
    return await own.unpublished() == 0


async def test_events_are_published_in_the_order_in_which_they_were_appended(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 2, key="a")
    await own.append("catalog/app/2", key="b")
    await own.append("catalog/app/1", after=2, key="a")
    await own.publish_all()
    assert places(own.log) == ["catalog/app/1:1", "catalog/app/1:2", "catalog/app/2:1", "catalog/app/1:3"]
    assert await own.unpublished() == 0


async def test_more_than_a_batch_goes_out_in_order_too(own: OwnEvents) -> None:
    await own.append("catalog/app/1", relay_module.BATCH * 2 + 1)
    await own.publish_all()
    assert places(own.log) == [f"catalog/app/1:{number}" for number in range(1, relay_module.BATCH * 2 + 2)]


async def test_a_committed_event_goes_out_without_a_poll(own: OwnEvents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 3600.0)
    async with running(own.relay):
        await own.append("catalog/app/1")
        await eventually(lambda: everything_is_published(own))
        await own.append("catalog/app/1", after=1)
        await eventually(lambda: everything_is_published(own))
    assert places(own.log) == ["catalog/app/1:1", "catalog/app/1:2"]


async def test_after_an_error_it_goes_on_with_what_the_log_lacks(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 4)
    own.log.lose_after = 2
    async with running(own.relay):
        await eventually(lambda: everything_is_published(own))
    assert places(own.log) == [f"catalog/app/1:{number}" for number in (1, 2, 3, 4)]


async def test_the_place_of_every_event_is_noted(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 2, key="a")
    await own.append("catalog/app/2", 1, key="b")
    await own.publish_all()
    async with own.database.transaction() as c:
        rows = await c.fetch("SELECT event_id, log_partition, log_offset FROM event ORDER BY position")
    noted = [(row["event_id"], (row["log_partition"], row["log_offset"])) for row in rows]
    assert noted == [(decode(written.record).envelope.id, written.place) for written in own.log.written]


async def test_of_two_relays_one_works_and_the_other_takes_over(
    own: OwnEvents, fresh_database: FreshDatabase, log: InMemoryEventLog
) -> None:
    async with open_own_events(fresh_database(SERVICE), log) as other, running(own.relay, other.relay) as tasks:
        for number in range(20):
            await own.append("catalog/app/1", after=number)
        await eventually(lambda: everything_is_published(own))
        for task in tasks[:1]:
            task.cancel()
        await own.append("catalog/app/1", after=20)
        await eventually(lambda: everything_is_published(own))
    assert places(log) == [f"catalog/app/1:{number}" for number in range(1, 22)]


async def test_a_relay_that_takes_over_sends_nothing_again_that_the_log_has(
    own: OwnEvents, fresh_database: FreshDatabase, log: InMemoryEventLog
) -> None:
    async with open_own_events(fresh_database(SERVICE), log) as other:
        await own.append("catalog/app/1", 3)
        await own.publish_all()
        await own.unnote()
        async with running(other.relay):
            await own.append("catalog/app/1", after=3)
            await eventually(lambda: everything_is_published(own))
    assert places(log) == [f"catalog/app/1:{number}" for number in range(1, 5)]


async def test_a_relay_goes_on_after_its_sessions_were_ended(own: OwnEvents, fresh_database: FreshDatabase) -> None:
    admin = await Database.open(fresh_database())
    async with running(own.relay):
        await own.append("catalog/app/1")
        await eventually(lambda: everything_is_published(own))
        async with admin.transaction() as c:
            await c.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'catalog'"
            )
        await eventually(lambda: _appended_again(own))
        await eventually(lambda: everything_is_published(own))
    assert places(own.log) == ["catalog/app/1:1", "catalog/app/1:2"]
    await admin.close()


async def _appended_again(own: OwnEvents) -> bool:
    """Whether the service may decide again."""
    try:
        await own.append("catalog/app/1", after=1)
    except TransientError:
        return False
    return True
