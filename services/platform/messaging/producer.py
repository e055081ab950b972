"""Sends records so that an acknowledged one is never lost and a repeated one does no harm."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Self

import structlog

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.messaging.driver import (
    AIOKafkaProducer,
    KafkaError,
    MessageSizeTooLargeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    broker_errors,
    connection_options,
)
from services.platform.messaging.errors import RecordRefusedError, SendInDoubtError
from services.platform.messaging.records import Place
from services.platform.process.seams import passing, publishing
from services.platform.process.settings import KafkaSettings

SEND_SECONDS: Final = 15.0
"""An idempotent batch never expires by itself: a batch that is not acknowledged by then is in doubt."""
CLOSE_SECONDS: Final = 5.0
"""What a producer gets to flush what it holds; callers that got no answer send again."""

_REFUSALS: Final = (MessageSizeTooLargeError, RecordTooLargeError, TopicAuthorizationFailedError)
log = structlog.get_logger()


class Producer:
    """An idempotent producer that waits for all in-sync replicas, and is rebuilt after an indefinite error.

    What is not acknowledged within `send_seconds` is in doubt and given up, also when who sent it has stopped waiting
    before: else it would be written whenever the broker comes back, unasked.
    """

    def __init__(self, settings: KafkaSettings, *, send_seconds: float = SEND_SECONDS) -> None:
        self._settings = settings
        self._send_seconds = send_seconds
        self._driver: Any = None
        self._building = asyncio.Lock()
        self._sends: set[asyncio.Task[tuple[Place, ...]]] = set()
        self._endings: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings, *, send_seconds: float = SEND_SECONDS) -> AsyncIterator[Self]:
        """A producer while the context lasts. Raises BrokerUnavailableError."""
        producer = cls(settings, send_seconds=send_seconds)
        await producer._current()
        try:
            yield producer
        finally:
            await producer._close()

    async def send(self, topic: Topic, record: RawRecord) -> Place:
        """Where `record` was written. Raises as `send_batch`."""
        return (await self.send_batch(topic, [record]))[0]

    async def send_batch(self, topic: Topic, records: Sequence[RawRecord]) -> tuple[Place, ...]:
        """Where `records` were written, in their order; those of one key keep their order on the log.

        Raises SendInDoubtError when some may have been written and some not (send all of them again),
        RecordRefusedError when the broker will never take one of them, and BrokerUnavailableError.
        """
        sending = asyncio.create_task(self._confirmed(await self._current(), topic, records))
        self._sends.add(sending)
        sending.add_done_callback(self._settled)
        return await asyncio.shield(sending)

    async def _confirmed(self, driver: Any, topic: Topic, records: Sequence[RawRecord]) -> tuple[Place, ...]:  # noqa: ANN401 -- no types
        try:
            async with asyncio.timeout(self._send_seconds):
                return await self._sent(driver, topic, records)
        except _REFUSALS as error:
            raise RecordRefusedError(f"Kafka will never take a record of {topic}: {error}") from error
        except (KafkaError, OSError, TimeoutError) as error:
            self._discard(driver)
            raise SendInDoubtError(f"Kafka did not confirm records of {topic}: {error!r}") from error

    def _settled(self, sending: asyncio.Task[tuple[Place, ...]]) -> None:
        self._sends.discard(sending)
        if not sending.cancelled():
            sending.exception()  # looked at here, since whoever sent it may have stopped waiting

    async def _sent(self, driver: Any, topic: Topic, records: Sequence[RawRecord]) -> tuple[Place, ...]:  # noqa: ANN401 -- no types
        name = topic.named(self._settings.topic_prefix)
        with passing(publishing(topic)):
            sends = [
                await driver.send(name, value=record.value, key=record.key, headers=list(record.headers))
                for record in records
            ]
            written = await asyncio.gather(*sends)
        return tuple(Place(place.partition, place.offset) for place in written)

    async def _current(self) -> Any:  # noqa: ANN401 -- aiokafka has no types
        async with self._building:
            if self._driver is None:
                self._driver = await _started(self._settings, self._send_seconds)
            return self._driver

    def _discard(self, driver: Any) -> None:  # noqa: ANN401 -- aiokafka has no types
        if self._driver is driver:
            self._driver = None
            ending = asyncio.create_task(_ended(driver))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def _close(self) -> None:
        if self._driver is not None:
            await _flushed(self._driver)
        for sending in self._sends:
            sending.cancel()  # it was flushed, or never will be
        await asyncio.gather(*self._sends, *self._endings, return_exceptions=True)


async def _started(settings: KafkaSettings, seconds: float) -> Any:  # noqa: ANN401 -- aiokafka has no types
    driver = AIOKafkaProducer(
        **connection_options(settings),
        enable_idempotence=True,
        acks="all",
        request_timeout_ms=10_000,
        max_batch_size=128 * 1024,
    )
    with broker_errors("start a producer"):
        try:
            async with asyncio.timeout(seconds):
                await driver.start()
        except BaseException:
            await _ended(driver)
            raise
    return driver


async def _flushed(driver: Any) -> None:  # noqa: ANN401 -- aiokafka has no types
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await driver.stop()
    except (TimeoutError, KafkaError, OSError):
        log.warning("a producer ended with records that Kafka had not confirmed")
        await _ended(driver)


async def _ended(driver: Any) -> None:  # noqa: ANN401 -- aiokafka has no types
    """End a producer that may hold records for ever: its own `stop` would wait for them."""
    sender = driver._sender.sender_task  # noqa: SLF001 -- there is no public way to give records up
    if sender is not None:
        sender.cancel()
    with suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await driver.stop()
    with suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await driver.client.close()
