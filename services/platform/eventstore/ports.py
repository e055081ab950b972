"""What the event store needs from the log; the messaging package provides it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.codec import RawRecord

Publish = Callable[[Sequence[RawRecord]], Awaitable[Sequence[tuple[int, int]]]]
"""Puts records on the event topic in this order and returns partition and offset of each.

Raises a TransientError when any of them may be missing; the caller then publishes all of them again.
"""


@dataclass(frozen=True)
class LoggedRecord:
    """A record and its place on the event topic."""

    partition: int
    offset: int
    record: RawRecord


class LogReader(Protocol):
    """Reads the event topic outside any consumer group."""

    async def ends(self) -> Mapping[int, int]:
        """Every partition of the topic with the offset that its next record will have."""
        ...

    def read(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[LoggedRecord]:
        """All records of the given partitions from `starts[p]` up to, not including, `ends[p]`.

        Offsets within one partition arrive in order. Raises a TransientError when Kafka is away.
        """
        ...
