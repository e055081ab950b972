"""What the event store relies on in a log; run on the one in memory in unit/ and on a real broker in integration/."""

from dataclasses import dataclass
from uuid import uuid4

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.eventstore.ports import LogReader, Publish


@dataclass(frozen=True)
class EventLog:
    """Both sides of one log."""

    publish: Publish
    reader: LogReader


def record(key: str) -> RawRecord:
    return RawRecord(key.encode(), uuid4().hex.encode(), (("ce_id", str(uuid4()).encode()),))


async def read(log: EventLog, partition: int, start: int, end: int) -> list[tuple[tuple[int, int], RawRecord]]:
    return [
        ((found.place[0], found.place[1]), found.record)
        async for some in log.reader.read(Topic.EVENTS, partition, start, end)
        for found in some
    ]


class EventLogBehaviour:
    """A subclass brings the fixture `log`: a new, empty one."""

    async def test_an_empty_log_ends_at_nothing_in_every_partition(self, log: EventLog) -> None:
        ends = await log.reader.ends(Topic.EVENTS)
        assert len(ends) > 0
        assert set(ends.values()) == {0}

    async def test_records_are_at_the_places_that_publishing_told(self, log: EventLog) -> None:
        records = [record(key) for key in ("a", "b", "a", "c", "b", "a")]
        places = await log.publish(records)
        for place, published in zip(places, records, strict=True):
            partition, offset = place
            assert await read(log, partition, offset, offset + 1) == [((partition, offset), published)]

    async def test_records_of_one_key_keep_their_order(self, log: EventLog) -> None:
        records = [record("a") for _ in range(5)]
        places = [*await log.publish(records[:2]), *await log.publish(records[2:])]
        partition = places[0][0]
        end = (await log.reader.ends(Topic.EVENTS))[partition]
        assert [found for _, found in await read(log, partition, 0, end)] == records
        assert [offset for _, offset in places] == [0, 1, 2, 3, 4]

    async def test_a_range_has_its_start_and_not_its_end(self, log: EventLog) -> None:
        partition, _ = (await log.publish([record("a") for _ in range(4)]))[0]
        assert [place[1] for place, _ in await read(log, partition, 1, 3)] == [1, 2]
        assert await read(log, partition, 2, 2) == []
