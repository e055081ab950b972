"""What the event store needs from the log; the messaging package provides it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from contracts.codec import RawRecord
from contracts.topics import Topic

Publish = Callable[[Sequence[RawRecord]], Awaitable[Sequence[tuple[int, int]]]]
"""Puts records on the event topic in this order and returns partition and offset of each.

Raises a TransientError when any of them may be missing; the caller then publishes all of them again.
"""


class Logged(Protocol):
    """A record on the event topic."""

    @property
    def place(self) -> tuple[int, int]:
        """Its partition and offset."""
        ...

    @property
    def record(self) -> RawRecord:
        """What was written there."""
        ...


class LogReader(Protocol):
    """Reads the event topic outside any consumer group. Raises a TransientError while Kafka is away."""

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        """Every partition of the topic with the offset that its next record will get."""
        ...

    def read(self, topic: Topic, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Logged]]:
        """The records with `start <= offset < end`, in order, some at a time."""
        ...
