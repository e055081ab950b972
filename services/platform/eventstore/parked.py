"""Records that wait for a gap to fill or for a person, and hold back what is about the same environment (§2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.codec import RawRecord
from services.platform.database import Connection, load_queries

queries = load_queries("services.platform.eventstore")


@dataclass(frozen=True)
class ParkedRecord:
    """A record that waits, with where it came from and why; `lane` is the environment that waits with it."""

    topic: str
    partition: int
    offset: int
    stream: str
    sequence: int
    event_id: UUID
    lane: str
    record: RawRecord
    reason: str
    poisonous: bool = False


class ParkedRecords:
    """What waits for one consumer."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer

    async def park(self, c: Connection, parked: ParkedRecord) -> None:
        """Let a record wait; parked again, it stays as it is."""
        await queries.park(
            c,
            consumer=self.consumer,
            topic=parked.topic,
            partition=parked.partition,
            log_offset=parked.offset,
            stream=parked.stream,
            sequence=parked.sequence,
            event_id=parked.event_id,
            lane=parked.lane,
            key=parked.record.key,
            value=parked.record.value,
            header_names=[name for name, _ in parked.record.headers],
            header_values=[value for _, value in parked.record.headers],
            reason=parked.reason,
            poisonous=parked.poisonous,
        )

    async def lanes(self, c: Connection, lanes: Sequence[str]) -> set[str]:
        """Those of `lanes` in which something waits."""
        rows = queries.parked_lanes(c, consumer=self.consumer, lanes=list(lanes))
        return {row["lane"] async for row in rows}

    async def all_lanes(self, c: Connection) -> list[str]:
        """Every lane in which something waits."""
        return [row["lane"] async for row in queries.all_parked_lanes(c, consumer=self.consumer)]

    async def count(self, c: Connection) -> int:
        """How many records wait, in all lanes."""
        number: int = await queries.count_parked(c, consumer=self.consumer)
        return number

    async def waiting(self, c: Connection, lane: str) -> list[ParkedRecord]:
        """What waits in `lane`, in the order of the log, locked until the transaction ends."""
        return [_parked(row) async for row in queries.parked_in(c, consumer=self.consumer, lane=lane)]

    async def let_go(self, c: Connection, parked: ParkedRecord) -> None:
        """It was dealt with and waits no more."""
        await queries.unpark(
            c,
            consumer=self.consumer,
            topic=parked.topic,
            partition=parked.partition,
            log_offset=parked.offset,
        )


def _parked(row: Any) -> ParkedRecord:  # noqa: ANN401 -- a row of the driver
    headers = tuple(zip(row["header_names"], row["header_values"], strict=True))
    return ParkedRecord(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["log_offset"],
        stream=row["stream"],
        sequence=row["sequence"],
        event_id=row["event_id"],
        lane=row["lane"],
        record=RawRecord(row["key"], row["value"], headers),
        reason=row["reason"],
        poisonous=row["poisonous"],
    )
