"""What every message carries around its body: the CloudEvents attributes of the log (spec: messages, "On the wire")."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Kind(StrEnum):
    """A request that may be refused, a fact that happened, or a passing note of progress."""

    COMMAND = "command"
    EVENT = "event"
    PROGRESS = "progress"


class Body(BaseModel):
    """The JSON data of a message; the class's name is the wire name.

    Unknown fields are refused: within one version nothing is added that an older reader would not know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    KIND: ClassVar[Kind]
    VERSION: ClassVar[int] = 1


class Command(Body):
    """A request; the sender chooses the id of what it creates."""

    KIND: ClassVar[Kind] = Kind.COMMAND


class Event(Body):
    """A fact; written once, kept for ever."""

    KIND: ClassVar[Kind] = Kind.EVENT


class Progress(Body):
    """How far a job has come; kept for an hour, never in the log."""

    KIND: ClassVar[Kind] = Kind.PROGRESS


B_co = TypeVar("B_co", bound=Body, covariant=True)


class Envelope(BaseModel):
    """The attributes of one message.

    `key` is the Kafka key: the app's id as text, or `platform`. `sequence` is an event's place in its stream, from 1
    without gaps. `actor_verified` is said by events: whether the gateway vouched for the actor of the command.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: UUID
    source: str
    subject: str | None = None
    time: AwareDatetime
    key: str
    correlation_id: UUID
    causation_id: UUID | None = None
    actor: str
    actor_verified: bool = False
    sequence: int | None = None
    not_after: AwareDatetime | None = None


@dataclass(frozen=True)
class Message(Generic[B_co]):
    """One command, event or note of progress: its attributes and its body."""

    envelope: Envelope
    body: B_co


@dataclass(frozen=True)
class Cause:
    """Why an event is written: the message that led to it, and who asked for it all."""

    correlation_id: UUID
    causation_id: UUID
    actor: str
    actor_verified: bool = False

    @classmethod
    def of(cls, message: Message[Body]) -> Self:
        """The cause of what follows from `message`."""
        envelope = message.envelope
        return cls(envelope.correlation_id, envelope.id, envelope.actor, envelope.actor_verified)


def event_envelope(  # noqa: PLR0913 -- one argument for each attribute that its writer decides
    *, event_id: UUID, service: str, stream: str, sequence: int, key: str, time: datetime, cause: Cause
) -> Envelope:
    """The envelope of one event of `service`."""
    return Envelope(
        id=event_id,
        source=f"nightkeep/{service}",
        subject=stream,
        time=time,
        key=key,
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
        actor=cause.actor,
        actor_verified=cause.actor_verified,
        sequence=sequence,
    )
