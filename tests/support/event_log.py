"""The log as the event store sees it, in memory, with faults on demand; what it must do is in suites/event_log."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.messaging.topics import partition_of
from services.platform.process.errors import TransientError

PARTITIONS = 12
SOME = 2
"""Records handed out at once: few, so that a reader has to put them together."""


@dataclass(frozen=True)
class Written:
    """A record and its place."""

    place: tuple[int, int]
    record: RawRecord


@dataclass
class InMemoryEventLog:
    """Publishes and reads; `lose_after` is how many records of the next publish are written before it fails."""

    written: list[Written] = field(default_factory=list)
    lose_after: int | None = None

    async def publish(self, records: Sequence[RawRecord]) -> Sequence[tuple[int, int]]:
        """Write at the end of each record's partition."""
        lose_after, self.lose_after = self.lose_after, None
        places = [self._write(record) for record in records[:lose_after]]
        if lose_after is not None:
            raise TransientError("the broker did not confirm")
        return places

    def _write(self, record: RawRecord) -> tuple[int, int]:
        partition = partition_of((record.key or b"").decode(), PARTITIONS)
        place = (partition, len(self._of(partition)))
        self.written.append(Written(place, record))
        return place

    def _of(self, partition: int) -> list[Written]:
        return [written for written in self.written if written.place[0] == partition]

    async def ends(self, _topic: Topic) -> Mapping[int, int]:
        """See LogReader."""
        return {partition: len(self._of(partition)) for partition in range(PARTITIONS)}

    async def read(self, _topic: Topic, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Written]]:
        """See LogReader."""
        wanted = self._of(partition)[start:end]
        for begin in range(0, len(wanted), SOME):
            yield wanted[begin : begin + SOME]
