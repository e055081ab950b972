"""How far a consumer has come, in the transaction of what it did there (architecture §2.4, §2.5)."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple
from uuid import UUID

from services.platform.database import Connection, load_queries

queries = load_queries("services.platform.eventstore")


class Position(NamedTuple):
    """The newest event of a stream that was dealt with; sequence 0 and no id: none yet."""

    sequence: int = 0
    event_id: UUID | None = None


class Verdict(Enum):
    """What to do with an event that arrived."""

    NEXT = auto()
    SEEN = auto()
    EARLY = auto()
    PARTED = auto()


def judge(position: Position, sequence: int, event_id: UUID) -> Verdict:
    """NEXT: deal with it. SEEN: ignore it. EARLY: a gap, park it. PARTED: same place, other id: stop loudly."""
    if sequence == position.sequence and event_id != position.event_id:
        return Verdict.PARTED
    if sequence <= position.sequence:
        return Verdict.SEEN
    return Verdict.NEXT if sequence == position.sequence + 1 else Verdict.EARLY


class StreamPositions:
    """Rows of one consumer: places in streams and next offsets of partitions."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer

    async def of(self, c: Connection, streams: Sequence[str]) -> dict[str, Position]:
        """Where each of `streams` is, its rows locked until the transaction ends; unknown ones at Position()."""
        rows = queries.positions(c, consumer=self.consumer, streams=list(streams))
        known = {row["stream"]: Position(row["sequence"], row["event_id"]) async for row in rows}
        return {stream: known.get(stream, Position()) for stream in streams}

    async def advance(self, c: Connection, stream: str, position: Position) -> None:
        """Note that everything of `stream` up to `position` was dealt with."""
        await queries.advance(
            c, consumer=self.consumer, stream=stream, sequence=position.sequence, event_id=position.event_id
        )

    async def advance_many(self, c: Connection, positions: Mapping[str, Position]) -> None:
        """The same for several streams at once; each position has an id."""
        await queries.advance_many(
            c,
            consumer=self.consumer,
            streams=list(positions),
            sequences=[position.sequence for position in positions.values()],
            event_ids=[position.event_id for position in positions.values()],
        )

    async def claim_offsets(self, c: Connection, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The next offsets of partitions (0: never read), their rows locked until the transaction ends."""
        rows = queries.claim_offsets(c, consumer=self.consumer, topic=topic, partitions=list(partitions))
        return {row["partition"]: row["next_offset"] async for row in rows}

    async def next_offsets(self, c: Connection, topic: str) -> dict[int, int]:
        """Partition to the offset of the first record that was not dealt with; partitions never read are absent."""
        rows = queries.next_offsets(c, consumer=self.consumer, topic=topic)
        return {row["partition"]: row["next_offset"] async for row in rows}

    async def advance_offsets(self, c: Connection, topic: str, next_offsets: Mapping[int, int]) -> None:
        """Note that everything of each partition before its next offset was dealt with or parked; never goes back."""
        await queries.advance_offsets(
            c,
            consumer=self.consumer,
            topic=topic,
            partitions=list(next_offsets),
            next_offsets=list(next_offsets.values()),
        )
