"""Follows the log: every event has its effect once, in the order of its stream, whatever Kafka delivers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from contracts.envelope import Event, Message
from services.platform.database import Connection, Database
from services.platform.process.settings import KafkaSettings

Reaction = Callable[[Connection, Message[Any]], Awaitable[None]]
"""What an event does; in the transaction that also moves position and offset."""


class EventFollower:
    """Reads the event topic from the offsets in PostgreSQL and calls the reaction of every event that has one.

    `name` is the consumer's (for example `snapshot`), the same after a restart. Position, offset and effect commit
    together. An event seen before is ignored; the same place with another id raises LogForkedError out of `run`; an
    event that comes early waits, parked, and with it everything later of that environment; a reaction that raises
    PermanentError parks its event as poison, and so does an event that cannot be decoded. TransientError: again.
    """

    def __init__(
        self, name: str, database: Database, settings: KafkaSettings, reactions: Mapping[type[Event], Reaction]
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        """Follows until cancelled. Raises LogForkedError."""
        raise NotImplementedError

    async def caught_up(self, partition: int, offset: int) -> None:
        """Returns when all before `offset` of this partition have been dealt with, by whichever instance."""
        raise NotImplementedError

    async def end_of(self, partition: int) -> int:
        """The offset that the next event of this partition will get. Raises BrokerUnavailableError."""
        raise NotImplementedError

    async def replayed(self) -> bool:
        """Whether everything that was on the log when this follower started has been dealt with: for readiness."""
        raise NotImplementedError
