"""Tells watchers how far a job has come, at most once a second, and follows that for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, Self
from uuid import UUID

import structlog

from contracts.codec import decode, encode
from contracts.envelope import Cause, Envelope, Message
from contracts.errors import DecodeError
from contracts.progress import JobProgressed
from contracts.topics import Topic
from services.platform.messaging.consuming import POLL_MS, free_consumer, partitions_of
from services.platform.messaging.driver import broker_errors
from services.platform.messaging.errors import RecordRefusedError
from services.platform.messaging.producer import Producer
from services.platform.messaging.records import received
from services.platform.process.clock import Clock
from services.platform.process.errors import TransientError
from services.platform.process.ids import NewId
from services.platform.process.retry import for_ever
from services.platform.process.settings import KafkaSettings

INTERVAL_SECONDS: Final = 1.0
"""A person reads no faster, and a job looks at itself far more often."""
REMEMBERED_SECONDS: Final = 60.0
"""What was silent for so long is forgotten; then one note more goes out, which does no harm."""
REMEMBERED: Final = 10_000
"""Newest notes of so many entities are kept for watchers that come later."""
START_SECONDS: Final = 5.0
"""A gateway starts without its progress rather than not at all."""

_Place = tuple[int, str | None]
"""Where a job stands: its step and its trouble."""

log = structlog.get_logger()


class ProgressPublisher:
    """Puts progress on its topic: the first look at a step or a trouble at once, then at most one a second and entity.

    It never raises and never waits for the broker: progress is a courtesy.
    """

    def __init__(self, producer: Producer, *, service: str, clock: Clock, new_id: NewId) -> None:
        self._producer = producer
        self._source = f"nightkeep/{service}"
        self._clock = clock
        self._new_id = new_id
        self._sent: dict[UUID, tuple[_Place, float]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def is_due(self, entity_id: UUID, step: int, trouble: str | None) -> bool:
        """Whether a note would go out now. Ask before making one: it costs far more, and nearly all are too many."""
        sent, at = self._sent.get(entity_id, (None, -INTERVAL_SECONDS))
        return sent != (step, trouble) or asyncio.get_running_loop().time() - at >= INTERVAL_SECONDS

    def publish(self, body: JobProgressed, cause: Cause, key: str) -> None:
        """Sends `body` in the background unless one of the same entity, step and trouble went out within the second."""
        if not self.is_due(body.entity_id, body.step, body.trouble):
            return
        now = asyncio.get_running_loop().time()
        self._sent[body.entity_id] = ((body.step, body.trouble), now)
        self._forget(now - REMEMBERED_SECONDS)
        task = asyncio.create_task(self._send(self._message(body, cause, key)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _forget(self, before: float) -> None:
        self._sent = {entity: sent for entity, sent in self._sent.items() if sent[1] > before}

    def _message(self, body: JobProgressed, cause: Cause, key: str) -> Message[JobProgressed]:
        envelope = Envelope(
            id=self._new_id(),
            source=self._source,
            subject=f"{self._source.removeprefix('nightkeep/')}/{body.entity}/{body.entity_id}",
            time=self._clock.now(),
            key=key,
            correlation_id=cause.correlation_id,
            causation_id=cause.causation_id,
            actor=cause.actor,
            actor_verified=cause.actor_verified,
        )
        return Message(envelope, body)

    async def _send(self, message: Message[JobProgressed]) -> None:
        try:
            await self._producer.send(Topic.PROGRESS, encode(message))
        except (TransientError, RecordRefusedError) as error:
            log.info("a note of progress was lost", reason=error.reason)


class ProgressTail:
    """Every note of progress from now on, for any number of watchers in this process."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._newest: dict[UUID, JobProgressed] = {}
        self._changed = asyncio.Condition()
        self._at_the_end = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings) -> AsyncIterator[Self]:
        """A tail while the context lasts. It waits for the broker only a moment, and comes back after it was away."""
        tail = cls(settings)
        reading = asyncio.create_task(tail._read())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(tail._at_the_end.wait(), START_SECONDS)
            yield tail
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def watch(self, entity_id: UUID) -> AsyncIterator[JobProgressed]:
        """Notes about one backup, restore or check: the newest one known first, then each as it comes. Has no end.

        A watcher that is slower than the notes gets the newest one.
        """
        seen: JobProgressed | None = None
        while True:
            async with self._changed:
                await self._changed.wait_for(partial(self._differs, entity_id, seen))
            seen = self._newest.get(entity_id)
            if seen is not None:
                yield seen

    def newest(self, entity_id: UUID) -> JobProgressed | None:
        """The newest note about something, if one was heard since this process began."""
        return self._newest.get(entity_id)

    def _differs(self, entity_id: UUID, seen: JobProgressed | None) -> bool:
        return self._newest.get(entity_id) is not seen

    async def _read(self) -> None:
        await for_ever("follow progress", self._read_once)

    async def _read_once(self) -> None:
        async with free_consumer(self._settings) as consumer:
            await self._follow(consumer)

    async def _follow(self, consumer: Any) -> None:  # noqa: ANN401 -- aiokafka has no types
        places = await partitions_of(consumer, Topic.PROGRESS.named(self._settings.topic_prefix))
        with broker_errors("follow progress"):
            consumer.assign(places)
            await consumer.seek_to_end(*places)
            self._at_the_end.set()
            while True:
                polled = await consumer.getmany(timeout_ms=POLL_MS)
                await self._note(body for batch in polled.values() for record in batch if (body := _progress(record)))

    async def _note(self, bodies: Any) -> None:  # noqa: ANN401 -- a generator of JobProgressed
        async with self._changed:
            for body in bodies:
                self._newest.pop(body.entity_id, None)
                self._newest[body.entity_id] = body
            while len(self._newest) > REMEMBERED:
                self._newest.pop(next(iter(self._newest)))
            self._changed.notify_all()


def _progress(record: Any) -> JobProgressed | None:  # noqa: ANN401 -- aiokafka has no types
    try:
        body = decode(received(record).record).body
    except DecodeError:
        return None
    return body if isinstance(body, JobProgressed) else None
