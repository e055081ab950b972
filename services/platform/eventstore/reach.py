"""While a service runs: whether the log still reaches as far as it did (architecture §2.8)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from contracts.topics import Topic
from services.platform.eventstore.errors import LogPartedError
from services.platform.eventstore.ports import LogReader

LOOK_SECONDS: Final = 10.0
"""How often the log is asked."""
DOUBT_SECONDS: Final = 3.0
"""Who was away for long and wakes up says what it knew before; by then it knows better."""


class Reach:
    """How far the log is known to go. A topic that is recreated under a running service goes less far."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._reached: dict[int, int] = {}

    async def look(self) -> None:
        """Ask for ever where the log ends; what came since is not read. Raises LogPartedError, or a TransientError."""
        while True:
            if further := self._heard(await self._ends()):
                await asyncio.sleep(DOUBT_SECONDS)
                _refuse(await self._ends(), further)
            await asyncio.sleep(LOOK_SECONDS)

    def so_far(self) -> Mapping[int, int]:
        """For each partition how far it has reached; what is published from now on comes behind that."""
        return dict(self._reached)

    def published(self, places: Sequence[tuple[int, int]], behind: Mapping[int, int]) -> None:
        """Take note of partition and offset of what was put on the log. Raises LogPartedError.

        `behind` is `so_far` of before that: a look may have seen it on the log since.
        """
        unknown = {partition for partition, offset in places if offset < 0}
        for partition, offset in places:
            if partition not in unknown:  # as Kafka may have forgotten where a batch is that came twice
                _refuse({partition: offset}, behind)
                self._reached[partition] = max(offset + 1, self._reached.get(partition, 0))

    async def _ends(self) -> Mapping[int, int]:
        return await self._reader.ends(Topic.EVENTS)

    def _heard(self, ends: Mapping[int, int]) -> Mapping[int, int]:
        """Take note of where partitions end; how far those had reached that end before that."""
        before = {partition: self._reached.get(partition, 0) for partition in ends}
        self._reached |= {partition: max(end, before[partition]) for partition, end in ends.items()}
        return {partition: reached for partition, reached in before.items() if ends[partition] < reached}


def _refuse(places: Mapping[int, int], reached: Mapping[int, int]) -> None:
    if reason := recreated(places, reached):
        raise LogPartedError(reason)


def recreated(places: Mapping[int, int], reached: Mapping[int, int]) -> str | None:
    """What is said of a log where a partition is at a place before the one that it had reached."""
    for partition, place in places.items():
        if place < (before := reached.get(partition, 0)):
            return f"partition {partition} of the log is at {place}, it had reached {before}: the topic was recreated"
    return None
