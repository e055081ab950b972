"""Reads ranges of a topic outside any group: for reconciliation, replay and audits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from contracts.topics import Topic
from services.platform.messaging.consuming import POLL_MS, POLL_RECORDS, free_consumer, partitions_of
from services.platform.messaging.driver import TopicPartition, broker_errors
from services.platform.messaging.records import Received, received
from services.platform.process.settings import KafkaSettings

SILENCE_SECONDS: Final = 30.0
"""Records that are on the topic come at once; a broker that sends none for so long is away."""


class LogReader:
    """Reads a topic from anywhere to anywhere; commits nothing. It is the event store's LogReader, among others."""

    def __init__(self, settings: KafkaSettings, consumer: Any) -> None:  # noqa: ANN401 -- aiokafka has no types
        self._settings = settings
        self._consumer = consumer

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings) -> AsyncIterator[Self]:
        """A reader while the context lasts. Raises BrokerUnavailableError."""
        async with free_consumer(settings) as consumer:
            yield cls(settings, consumer)

    async def starts(self, topic: Topic) -> Mapping[int, int]:
        """For each partition the offset of its first record still kept. Raises BrokerUnavailableError."""
        partitions = await partitions_of(self._consumer, self._named(topic))
        with broker_errors("ask where a topic begins"):
            return _by_number(await self._consumer.beginning_offsets(partitions))

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        """For each partition the offset that its next record will get. Raises BrokerUnavailableError."""
        partitions = await partitions_of(self._consumer, self._named(topic))
        with broker_errors("ask where a topic ends"):
            return _by_number(await self._consumer.end_offsets(partitions))

    async def read(self, topic: Topic, partition: int, start: int, end: int) -> AsyncIterator[tuple[Received, ...]]:
        """The records with `start <= offset < end`, in order, some at a time; what is not kept any more is left out.

        Raises BrokerUnavailableError when nothing comes for a while.
        """
        if start >= end:
            return
        place = TopicPartition(self._named(topic), partition)
        async with free_consumer(self._settings) as consumer:
            consumer.assign([place])
            consumer.seek(place, start)
            while start < end:
                records, start = await _some(consumer, place)
                wanted = tuple(received(record) for record in records if record.offset < end)
                if wanted:
                    yield wanted

    def _named(self, topic: Topic) -> str:
        return topic.named(self._settings.topic_prefix)


async def _some(consumer: Any, place: Any) -> tuple[list[Any], int]:  # noqa: ANN401 -- aiokafka has no types
    """Records of `place` and the position behind them; markers that are no records move the position too."""
    with broker_errors("read a topic"):
        before = await consumer.position(place)
        async with asyncio.timeout(SILENCE_SECONDS):
            while True:
                polled = await consumer.getmany(place, timeout_ms=POLL_MS, max_records=POLL_RECORDS)
                position = await consumer.position(place)
                if position > before:
                    return polled.get(place, []), position


def _by_number(offsets: Mapping[Any, int]) -> dict[int, int]:
    return {place.partition: offset for place, offset in offsets.items()}
