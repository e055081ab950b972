"""While a service runs: whether the log still reaches as far as it did (architecture §2.8)."""

from collections.abc import Mapping, Sequence

from contracts.topics import Topic
from services.platform.eventstore.errors import LogPartedError
from services.platform.eventstore.ports import LogReader


class Reach:
    """How far the log is known to go. A topic that is recreated under a running service goes less far.

    Of one relay, which asks and publishes by turns: what it published before it asks is on the log.
    """

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._reached: dict[int, int] = {}

    async def look(self) -> None:
        """Ask where the log ends; what came since is not read. Raises LogPartedError, or a TransientError."""
        self._advance(await self._reader.ends(Topic.EVENTS))

    def published(self, places: Sequence[tuple[int, int]]) -> None:
        """Take note of partition and offset of what was put on the log. Raises LogPartedError."""
        for partition, offset in places:
            if offset >= 0:  # Kafka may know a repeated batch and have forgotten where it is
                self._advance({partition: offset})
                self._reached[partition] = offset + 1

    def _advance(self, ends: Mapping[int, int]) -> None:
        for partition, end in ends.items():
            if end < (reached := self._reached.get(partition, 0)):
                raise LogPartedError(
                    f"partition {partition} of the log is at {end}, it had reached {reached}: the topic was recreated"
                )
        self._reached |= ends
