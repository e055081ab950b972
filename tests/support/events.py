"""Events as a service would have put them on the log, for tests of those who follow it."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from contracts.codec import RawRecord, encode
from contracts.envelope import Cause, Event, Message, event_envelope

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def cause(actor: str = "user:ada") -> Cause:
    """A cause that no command had."""
    command_id = uuid4()
    return Cause(command_id, command_id, actor, actor_verified=True)


def event(body: Event, stream: str, sequence: int, *, key: str = "platform", event_id: UUID | None = None) -> RawRecord:
    """The record of one event."""
    envelope = event_envelope(
        event_id=event_id or uuid4(),
        service=stream.split("/", 1)[0],
        stream=stream,
        sequence=sequence,
        key=key,
        time=NOON,
        cause=cause(),
    )
    return encode(Message(envelope, body))
