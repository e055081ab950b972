"""Sends records so that an acknowledged one is never lost and a repeated one does no harm."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.messaging.records import Place
from services.platform.process.settings import KafkaSettings


class Producer:
    """An idempotent producer that waits for all in-sync replicas, and is rebuilt after an indefinite error."""

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings) -> AsyncIterator["Producer"]:
        """A producer while the context lasts. Raises BrokerUnavailableError."""
        raise NotImplementedError
        yield

    async def send(self, topic: Topic, record: RawRecord) -> Place:
        """Where `record` was written. Raises as `send_batch`."""
        raise NotImplementedError

    async def send_batch(self, topic: Topic, records: Sequence[RawRecord]) -> tuple[Place, ...]:
        """Where `records` were written, in their order; those of one key keep their order on the log.

        Raises SendInDoubtError when some may have been written and some not (send all of them again), and
        RecordRefusedError when the broker will never take one of them.
        """
        raise NotImplementedError
