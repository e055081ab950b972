"""Appending events: the row that is the optimistic lock is also the outbox (architecture §2.1)."""

from collections.abc import Sequence
from datetime import datetime

from contracts.envelope import Cause, Event, Message
from services.platform.database import Connection


class EventStore:
    """The events of one service, in its own schema."""

    def __init__(self, service: str) -> None:
        self.service = service

    async def append(  # noqa: PLR0913 -- each says one thing about the events
        self,
        c: Connection,
        stream: str,
        bodies: Sequence[Event],
        cause: Cause,
        key: str,
        *,
        after: int,
        now: datetime,
    ) -> tuple[Message[Event], ...]:
        """Append `bodies` to `stream` behind the sequence `after` (0: a new stream), in the caller's transaction.

        `key` is the app's id as text or `platform`; `now` is business time. The relay is woken at commit.
        Raises ConflictError when somebody else appended, or when the stream is not where `after` says; the caller's
        transaction is then lost and may be tried again from the reading on. Raises UnreconciledError while it is
        not known that PostgreSQL still has what the log has.
        """
        raise NotImplementedError

    async def last_sequence(self, c: Connection, stream: str) -> int:
        """The sequence of the newest event of `stream`; 0 when there is none."""
        raise NotImplementedError
