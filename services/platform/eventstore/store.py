"""Appending events: the row that is the optimistic lock is also the outbox (architecture §2.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.codec import RawRecord, encode
from contracts.envelope import Cause, Event, Message, event_envelope
from services.platform.database import ConflictError, Connection, load_queries
from services.platform.database.errors import translated
from services.platform.eventstore.reconciliation import Reconciliation
from services.platform.process.ids import NewId, random_id

queries = load_queries("services.platform.eventstore")


def outbox_channel(service: str) -> str:
    """Where the relay of `service` is woken."""
    return f"outbox_{service}"


@dataclass(frozen=True)
class Append:
    """Events for one stream, behind the sequence `after` (0: a new stream); the rest as `EventStore.append` says."""

    stream: str
    bodies: Sequence[Event]
    cause: Cause
    key: str
    after: int


class EventStore:
    """The events of one service, in its own schema; `open_events` wires it with its relay."""

    def __init__(
        self, service: str, *, new_id: NewId = random_id, reconciliation: Reconciliation | None = None
    ) -> None:
        self.service = service
        self._new_id = new_id
        self._reconciliation = reconciliation

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
        transaction is then lost and may be tried again from the reading on. After a lost connection to
        PostgreSQL the log is read first; raises as `Reconciliation.ensure`.
        """
        (messages,) = await self.append_all(c, [Append(stream, bodies, cause, key, after)], now=now)
        return messages

    async def append_next(  # noqa: PLR0913 -- as above
        self, c: Connection, stream: str, bodies: Sequence[Event], cause: Cause, key: str, *, now: datetime
    ) -> tuple[Message[Event], ...]:
        """Append `bodies` behind what `stream` has, whatever that is. The rest, and what is raised, as `append`."""
        return await self.append(c, stream, bodies, cause, key, after=await self.last_sequence(c, stream), now=now)

    async def append_all(
        self, c: Connection, appends: Sequence[Append], *, now: datetime
    ) -> list[tuple[Message[Event], ...]]:
        """Several appends at once, all or none, published in this order. Raises as `append`."""
        await self._look_at_the_log()
        messages = [self._messages(one, now) for one in appends]
        await self._insert(c, [message for group in messages for message in group], _seen(appends))
        return messages

    async def last_sequence(self, c: Connection, stream: str) -> int:
        """The sequence of the newest event of `stream`; 0 when there is none."""
        sequence: int = await queries.last_sequence(c, stream=stream)
        return sequence

    async def _look_at_the_log(self) -> None:
        if self._reconciliation is not None:
            await self._reconciliation.ensure()

    def _messages(self, new: Append, now: datetime) -> tuple[Message[Event], ...]:
        return tuple(
            Message(
                event_envelope(
                    event_id=self._new_id(),
                    service=self.service,
                    stream=new.stream,
                    sequence=sequence,
                    key=new.key,
                    time=now,
                    cause=new.cause,
                ),
                body,
            )
            for sequence, body in enumerate(new.bodies, new.after + 1)
        )

    async def _insert(self, c: Connection, messages: Sequence[Message[Event]], seen: Mapping[str, int]) -> None:
        records = [encode(message) for message in messages]
        with translated():
            appended: int = await queries.append(
                c,
                event_ids=[message.envelope.id for message in messages],
                streams=[message.envelope.subject for message in messages],
                sequences=[message.envelope.sequence for message in messages],
                keys=[message.envelope.key for message in messages],
                headers=[_header_texts(record) for record in records],
                bodies=[(record.value or b"").decode() for record in records],
                seen_streams=list(seen),
                seen_sequences=list(seen.values()),
                channel=outbox_channel(self.service),
            )
        if appended != len(messages):
            raise ConflictError(f"not all of these streams are where they were seen, read them again: {dict(seen)}")


def _seen(appends: Sequence[Append]) -> dict[str, int]:
    """Where the caller saw each stream that it did not begin itself."""
    seen: dict[str, int] = {}
    for one in appends:
        seen.setdefault(one.stream, one.after)
    return {stream: after for stream, after in seen.items() if after > 0}


def _header_texts(record: RawRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}
