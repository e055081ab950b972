"""A follower may lose its partitions at any moment between its poll and its commit: each event has its effect once."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from contracts.codec import RawRecord
from contracts.defaults import PARTITIONS
from contracts.envelope import Message
from contracts.events.backups import BackupStarted
from contracts.topics import Topic
from services.platform.database import Connection, Database
from services.platform.eventstore.positions import StreamPositions
from services.platform.messaging import follower as follower_module
from services.platform.messaging.consuming import commit
from services.platform.messaging.follower import EventFollower
from services.platform.messaging.topics import partition_of
from tests.support.databases import FreshDatabase
from tests.support.events import NOON, event
from tests.support.eventually import eventually
from tests.support.following import Followed
from tests.support.holding import Hold
from tests.support.in_process import running

NAME = "snapshot"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    " AND query LIKE '%consumer_offset%'"
)


@pytest.fixture
async def patient(followed: Followed, fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    """The same tables, for somebody whom PostgreSQL lets hold a lock for as long as a test takes."""
    database = await Database.open(fresh_database(NAME).model_copy(update={"silent_seconds": 600}))
    yield database
    await database.close()


def everywhere() -> list[RawRecord]:
    """An event for each partition, each of a stream of its own: whichever partitions move, there is one in them."""
    keys = {partition_of(key): key for key in (str(uuid4()) for _ in range(PARTITIONS * 40))}
    assert len(keys) == PARTITIONS
    return [started(key) for key in keys.values()]


def started(key: str) -> RawRecord:
    backup_id = uuid4()
    body = BackupStarted(backup_id=backup_id, environment_id=uuid4(), started_at=NOON)
    return event(body, f"snapshot/backup/{backup_id}", 1, key=key)


def places(*records: RawRecord) -> list[str]:
    return sorted(f"{dict(record.headers)['ce_subject'].decode()}:1" for record in records)


async def until_all_noted_once(followed: Followed, *records: RawRecord) -> None:
    async def as_wanted() -> bool:
        return sorted(await followed.noted()) == places(*records)

    await eventually(as_wanted)


async def waiting_for_offsets(database: Database, count: int) -> bool:
    """Whether so many followers have polled, and wait for somebody who deals with the same partitions."""
    async with database.transaction() as c:
        return bool(await c.fetchval(WAITING) >= count)


async def test_partitions_that_move_between_the_poll_and_its_transaction_have_each_event_dealt_with_once(
    followed: Followed, patient: Database
) -> None:
    records = everywhere()
    await followed.put(*records)
    topic = Topic.EVENTS.named(followed.settings.topic_prefix)
    async with AsyncExitStack() as stack:
        async with patient.transaction() as c:
            await StreamPositions(NAME).claim_offsets(c, topic, range(PARTITIONS))
            await stack.enter_async_context(followed.following())
            await eventually(partial(waiting_for_offsets, patient, 1))
            await stack.enter_async_context(followed.following())
            await eventually(partial(waiting_for_offsets, patient, 2))
        later = everywhere()
        await followed.put(*later)
        await until_all_noted_once(followed, *records, *later)


async def test_partitions_that_move_within_the_transaction_have_each_event_dealt_with_once(
    followed: Followed, patient: Database
) -> None:
    hold = Hold()

    async def note(c: Connection, message: Message[Any]) -> None:
        await followed.note(c, message)
        await hold.pass_by()

    records = everywhere()
    await followed.put(*records)
    first = EventFollower(NAME, patient, followed.settings, {BackupStarted: note})
    async with running([first.run()]):
        await hold.reached.wait()
        async with followed.following():
            await eventually(partial(waiting_for_offsets, patient, 1))
            hold.go_on.set()
            later = everywhere()
            await followed.put(*later)
            await until_all_noted_once(followed, *records, *later)


async def test_partitions_that_move_before_the_offsets_are_committed_have_each_event_dealt_with_once(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold()

    async def commit_late(consumer: Any, offsets: Mapping[Any, int]) -> None:  # noqa: ANN401 -- aiokafka has no types
        await hold.pass_by()
        await commit(consumer, offsets)

    monkeypatch.setattr(follower_module, "commit", commit_late)
    records = everywhere()
    await followed.put(*records)
    async with followed.following():
        await hold.reached.wait()
        async with followed.following():
            later = everywhere()
            await followed.put(*later)

            async def rival_works() -> bool:
                return not set(await followed.noted()).isdisjoint(places(*later))

            await eventually(rival_works)
            hold.go_on.set()
            await until_all_noted_once(followed, *records, *later)
