"""Reads the command topic in polls and hands each on whole: the catalog decides a poll's commands together."""

from collections.abc import Awaitable, Callable, Sequence

from services.platform.messaging.records import Received
from services.platform.process.settings import KafkaSettings

Handle = Callable[[Sequence[Received]], Awaitable[None]]


class CommandConsumer:
    """Hands every poll of the command topic to `handle`, again until it returns, and only then commits the offsets.

    `handle` is called one poll at a time. A TransientError makes the same poll come again after a pause.
    """

    def __init__(self, settings: KafkaSettings, *, group: str, handle: Handle) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        """Reads until cancelled."""
        raise NotImplementedError
