"""Reads the command topic in polls and hands each on whole: the catalog decides a poll's commands together."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from contracts.topics import Topic
from services.platform.messaging.consuming import (
    POLL_MS,
    POLL_RECORDS,
    Untold,
    commit,
    group_consumer,
)
from services.platform.messaging.driver import broker_errors
from services.platform.messaging.records import Received, received
from services.platform.process.retry import for_ever, until_done
from services.platform.process.settings import KafkaSettings

Handle = Callable[[Sequence[Received]], Awaitable[None]]


class CommandConsumer:
    """Hands every poll of the command topic to `handle`, again until it returns, and commits the offsets behind that.

    `handle` is called one poll at a time. A TransientError makes the same poll come again after a pause.
    """

    def __init__(self, settings: KafkaSettings, *, group: str, handle: Handle) -> None:
        self._settings = settings
        self._group = group
        self._handle = handle

    async def run(self) -> None:
        """Reads until cancelled."""
        await for_ever("read commands", self._read)

    async def _read(self) -> None:
        topic = Topic.COMMANDS.named(self._settings.topic_prefix)
        async with group_consumer(self._settings, self._group, topic) as consumer:
            untold = Untold()
            while True:
                if due := untold.due(await self._poll(consumer), time.monotonic()):
                    await commit(consumer, due)

    async def _poll(self, consumer: Any) -> dict[Any, int]:  # noqa: ANN401 -- aiokafka has no types
        """Where each partition goes on of which something came and was dealt with."""
        with broker_errors("read commands"):
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
        records = [received(record) for batch in polled.values() for record in batch]
        if records:
            await until_done("decide commands", lambda: self._handle(records))
        return {partition: batch[-1].offset + 1 for partition, batch in polled.items() if batch}
