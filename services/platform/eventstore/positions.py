"""How far a consumer has come, in the transaction of what it did there (architecture §2.4, §2.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from contracts.codec import RawRecord
from services.platform.database import Connection


@dataclass(frozen=True)
class Position:
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


class StreamPositions:
    """Rows of one consumer: places in streams, next offsets of partitions, parked records."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer

    async def of(self, c: Connection, streams: Sequence[str]) -> dict[str, Position]:
        """Where each of `streams` is, its rows locked until the transaction ends; unknown ones at Position()."""
        raise NotImplementedError

    async def advance(self, c: Connection, stream: str, position: Position) -> None:
        """Note that everything of `stream` up to `position` was dealt with."""
        raise NotImplementedError

    async def next_offsets(self, c: Connection, topic: str) -> dict[int, int]:
        """Partition to the offset of the first record that was not dealt with; partitions never read are absent."""
        raise NotImplementedError

    async def advance_offset(self, c: Connection, topic: str, partition: int, next_offset: int) -> None:
        """Note that everything of the partition before `next_offset` was dealt with or parked; never goes back."""
        raise NotImplementedError

    async def park(self, c: Connection, parked: ParkedRecord) -> None:
        """Let a record wait; parked again, it stays as it is."""
        raise NotImplementedError

    async def parked_lanes(self, c: Connection, lanes: Sequence[str]) -> set[str]:
        """Those of `lanes` in which something waits."""
        raise NotImplementedError

    async def parked_in(self, c: Connection, lane: str) -> list[ParkedRecord]:
        """What waits in `lane`, in the order of the log."""
        raise NotImplementedError

    async def unpark(self, c: Connection, parked: ParkedRecord) -> None:
        """It was dealt with and waits no more."""
        raise NotImplementedError
