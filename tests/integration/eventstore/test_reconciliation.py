"""Before deciding: whether PostgreSQL still has what the log has, and whether the log is still the same."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

import pytest

from contracts.topics import Topic
from services.platform.database import DatabaseUnavailableError
from services.platform.eventstore.errors import LogPartedError, SetBackError
from services.platform.eventstore.reconciliation import Reconciliation
from tests.support.databases import FreshDatabase
from tests.support.event_log import InMemoryEventLog, Written
from tests.support.event_store import SERVICE, OwnEvents, open_own_events
from tests.support.events import event


async def lose_a_connection(own: OwnEvents) -> None:
    with suppress(DatabaseUnavailableError):
        async with own.database.transaction() as c:
            await c.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_an_own_event_that_the_relay_could_not_note_is_marked(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 3)
    await own.publish_all()
    await own.unnote()
    await own.look_again().ensure()
    assert await own.unpublished() == 0
    assert not await own.relay.publish_batch()


async def test_an_event_that_the_table_lost_stops_the_service_by_name(own: OwnEvents) -> None:
    *_, last = await own.append("catalog/app/1", 3)
    await own.publish_all()
    await own.forget(last)
    with pytest.raises(SetBackError, match="catalog/app/1 3"):
        await own.look_again().ensure()


async def test_a_database_that_was_set_back_to_nothing_is_noticed_at_the_start(
    own: OwnEvents, fresh_database: FreshDatabase, log: InMemoryEventLog
) -> None:
    events = await own.append("catalog/app/1", 3)
    await own.publish_all()
    await own.forget(*events)
    with pytest.raises(SetBackError, match="repository rebuild"):
        async with open_own_events(fresh_database(SERVICE), log):
            pass


async def test_a_database_that_was_set_back_is_noticed_behind_what_was_compared_before(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 3)
    await own.publish_all()
    await own.look_again().ensure()
    later = await own.append("catalog/app/1", 2, after=3)
    await own.publish_all()
    await own.forget(*later)
    with pytest.raises(SetBackError):
        await own.look_again().ensure()


async def test_events_of_other_services_are_nobodys_loss(own: OwnEvents) -> None:
    [body] = [message.body for message in await own.append("catalog/app/1")]
    await own.log.publish([event(body, "snapshot/backup/1", number) for number in (1, 2, 3)])
    await own.look_again().ensure()


async def test_what_was_compared_is_not_read_again(own: OwnEvents) -> None:
    [body] = [message.body for message in await own.append("catalog/app/1")]
    await own.log.publish([event(body, "snapshot/backup/1", number) for number in range(1, 6)])
    await own.look_again().ensure()
    async with own.database.transaction() as c:
        assert await c.fetchval("SELECT max(log_offset) FROM log_mark") == 4


async def test_a_partition_that_is_still_empty_has_no_mark_of_another(own: OwnEvents) -> None:
    [body] = [message.body for message in await own.append("catalog/app/1")]
    await own.log.publish([event(body, "snapshot/backup/1", number) for number in range(1, 6)])
    for _ in range(3):
        await own.look_again().ensure()
    async with own.database.transaction() as c:
        assert await c.fetchval("SELECT count(*) FROM log_mark") == 1


async def test_a_topic_that_was_recreated_empty_is_another_log(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 3)
    await own.publish_all()
    own.log.written.clear()
    with pytest.raises(LogPartedError, match="recreated"):
        await own.look_again().ensure()


async def test_a_topic_that_was_recreated_and_grew_is_another_log(own: OwnEvents) -> None:
    [first, *_] = await own.append("catalog/app/1", 3)
    await own.publish_all()
    own.log.written.clear()
    await own.log.publish([event(first.body, "snapshot/backup/1", number, key="k") for number in range(1, 9)])
    with pytest.raises(LogPartedError, match="another log"):
        await own.look_again().ensure()


class BusyLog:
    """A log on which another process of the service publishes whenever this one has asked for the ends."""

    def __init__(self, own: OwnEvents) -> None:
        self._own = own
        self._looks = 0

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        """See LogReader."""
        ends = await self._own.log.ends(topic)
        await self._own.append("catalog/app/2", after=self._looks)
        await self._own.publish_all()
        self._looks += 1
        return ends

    def read(self, topic: Topic, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Written]]:
        """See LogReader."""
        return self._own.log.read(topic, partition, start, end)


async def test_what_another_process_publishes_during_the_look_is_nobodys_loss(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 3)
    await own.publish_all()
    await Reconciliation(own.database, SERVICE, BusyLog(own)).ensure()


async def test_after_a_lost_connection_the_log_is_read_before_anything_is_decided(own: OwnEvents) -> None:
    await own.append("catalog/app/1")
    await own.publish_all()
    await own.unnote()
    await lose_a_connection(own)
    await own.append("catalog/app/1", after=1)
    assert await own.unpublished() == 1


async def test_a_database_that_was_set_back_behind_a_lost_connection_decides_nothing(own: OwnEvents) -> None:
    events = await own.append("catalog/app/1", 2)
    await own.publish_all()
    await own.forget(events[-1])
    await lose_a_connection(own)
    with pytest.raises(SetBackError):
        await own.append("catalog/app/1", after=1)


async def test_a_database_that_was_set_back_while_the_service_ran_ends_the_relay(own: OwnEvents) -> None:
    events = await own.append("catalog/app/1", 2)
    await own.publish_all()
    await own.forget(events[-1])
    await lose_a_connection(own)
    with pytest.raises(SetBackError):
        async with asyncio.timeout(60):
            await own.relay.run()
