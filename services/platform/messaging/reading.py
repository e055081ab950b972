"""Reads ranges of a topic outside any group: for reconciliation, replay and audits."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from contracts.topics import Topic
from services.platform.messaging.records import Received
from services.platform.process.settings import KafkaSettings


class LogReader:
    """Reads a topic from anywhere to anywhere; commits nothing. It is the event store's LogReader, among others."""

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings) -> AsyncIterator["LogReader"]:
        """A reader while the context lasts. Raises BrokerUnavailableError."""
        raise NotImplementedError
        yield

    async def starts(self, topic: Topic) -> Mapping[int, int]:
        """For each partition the offset of its first record still kept. Raises BrokerUnavailableError."""
        raise NotImplementedError

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        """For each partition the offset that its next record will get. Raises BrokerUnavailableError."""
        raise NotImplementedError

    def read(self, topic: Topic, partition: int, start: int, end: int) -> AsyncIterator[tuple[Received, ...]]:
        """The records with `start <= offset < end`, in order, some at a time.

        Raises BrokerUnavailableError when nothing comes for a while.
        """
        raise NotImplementedError
