"""Tells watchers how far a job has come, at most once a second, and follows that for a watcher."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from contracts.envelope import Cause
from contracts.progress import JobProgressed
from services.platform.messaging.producer import Producer
from services.platform.process.clock import Clock
from services.platform.process.ids import NewId
from services.platform.process.settings import KafkaSettings


class ProgressPublisher:
    """Puts progress on its topic: the first look at a step at once, then at most one a second and entity.

    It never raises and never waits for the broker: progress is a courtesy.
    """

    def __init__(self, producer: Producer, *, service: str, clock: Clock, new_id: NewId) -> None:
        raise NotImplementedError

    def publish(self, body: JobProgressed, cause: Cause, key: str) -> None:
        """Sends `body` in the background unless one of the same entity and step went out within the second."""
        raise NotImplementedError


class ProgressTail:
    """Every note of progress from now on, for any number of watchers in this process, over one consumer."""

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings) -> AsyncIterator["ProgressTail"]:
        """A tail while the context lasts. Raises BrokerUnavailableError."""
        raise NotImplementedError
        yield

    def watch(self, entity_id: UUID) -> AsyncIterator[JobProgressed]:
        """Notes about one backup, restore or check: the newest one known first, then each as it comes. Has no end."""
        raise NotImplementedError
