"""aiokafka's consumers with the settings that lose nothing (design: pitfalls, aiokafka)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from services.platform.messaging.driver import (
    AIOKafkaConsumer,
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    TopicPartition,
    broker_errors,
    connection_options,
)
from services.platform.process.seams import Seam, passing
from services.platform.process.settings import KafkaSettings
from services.platform.process.together import finished

POLL_MS: Final = 1_000
"""How long a poll waits when nothing is there; only how soon a lost broker is noticed depends on it."""
POLL_RECORDS: Final = 500
"""At most so many records are dealt with in one transaction."""
START_SECONDS: Final = 30.0
TELL_SECONDS: Final = 1.0
"""How often a group is told how far a consumer is: the next poll waits for it, and it costs Kafka a record."""

log = structlog.get_logger()


@asynccontextmanager
async def group_consumer(
    settings: KafkaSettings,
    group: str,
    topic: str,
    *,
    listener: Any = None,  # noqa: ANN401 -- aiokafka has no types
) -> AsyncIterator[Any]:
    """A member of `group` that reads `topic` and commits only when told to. Raises BrokerUnavailableError."""
    session_ms = settings.session_timeout_seconds * 1000
    consumer = AIOKafkaConsumer(
        **connection_options(settings),
        group_id=f"{settings.topic_prefix}.{group}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=session_ms // 3,
    )
    consumer.subscribe([topic], listener=listener)
    async with _running(consumer):
        yield consumer


@asynccontextmanager
async def free_consumer(settings: KafkaSettings) -> AsyncIterator[Any]:
    """A consumer in no group, for the partitions that it is given. Raises BrokerUnavailableError."""
    consumer = AIOKafkaConsumer(
        **connection_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with _running(consumer):
        yield consumer


@asynccontextmanager
async def _running(consumer: Any) -> AsyncIterator[None]:  # noqa: ANN401 -- aiokafka has no types
    try:
        with broker_errors("start a consumer"):
            async with asyncio.timeout(START_SECONDS):
                await consumer.start()
        yield
    finally:
        await finished(asyncio.create_task(_stopped(consumer)))


async def _stopped(consumer: Any) -> None:  # noqa: ANN401 -- aiokafka has no types
    """Whose fetch was about to be asked again, aiokafka ends as if it was cancelled, and lets its connections be."""
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping])
    if stopping.cancelled():
        await consumer._client.close()  # noqa: SLF001 -- there is no other way to end what is left
    else:
        stopping.result()


class Untold:
    """How far a consumer is, until its group is told: after a restart so much comes again, and has no second effect."""

    def __init__(self) -> None:
        self._offsets: dict[Any, int] = {}
        self._told_at = float("-inf")

    def due(self, offsets: Mapping[Any, int], now: float) -> Mapping[Any, int]:
        """What to `commit` now that `offsets` were reached as well, by a monotonic clock; often nothing."""
        self._offsets |= offsets
        if not self._offsets or now - self._told_at < TELL_SECONDS:
            return {}
        due, self._offsets, self._told_at = self._offsets, {}, now
        return due


async def commit(consumer: Any, offsets: Mapping[Any, int]) -> None:  # noqa: ANN401 -- aiokafka has no types
    """Tells the group how far we are; it is a courtesy to whoever watches the lag, so failing does no harm."""
    try:
        with passing(Seam.OFFSETS):
            await consumer.commit(dict(offsets))
    except (CommitFailedError, IllegalStateError, KafkaError) as error:
        log.info("the group moved on before its offsets were committed", reason=str(error))


async def partitions_of(consumer: Any, topic: str) -> list[Any]:  # noqa: ANN401 -- aiokafka has no types
    """Every partition of `topic`. Raises BrokerUnavailableError."""
    with broker_errors(f"look at the topic {topic}"):
        await consumer._client._wait_on_metadata(topic)  # noqa: SLF001 -- outside a group nothing else asks for it
        return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
