"""What came from the command topic, understood as far as it can be."""

from dataclasses import dataclass
from uuid import UUID

from contracts.codec import body_hash, decode, read_headers, read_id
from contracts.envelope import Cause, Command, Message
from contracts.errors import DecodeError, MalformedMessageError
from services.platform.messaging.records import Received

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Incoming:
    """A record of the command topic: `message` where it is a command, else `error` says why it is none."""

    received: Received
    command_id: UUID | None
    body_hash: str
    message: Message[Command] | None
    error: DecodeError | None = None

    @property
    def name(self) -> str:
        """The command's name, as its sender wrote it."""
        return type(self.message.body).__name__ if self.message else self._header("ce_type")

    @property
    def cause(self) -> Cause:
        """The cause of its outcome; what cannot be read of a record that is no command is unknown."""
        if self.message is not None:
            return Cause.of(self.message)
        command_id = self.command_id or UUID(int=0)
        return Cause(command_id, command_id, self._header("ce_actor"))

    def _header(self, name: str) -> str:
        try:
            return read_headers(self.received.record.headers).get(name, UNKNOWN)[:200]
        except DecodeError:
            return UNKNOWN


def incoming(received: Received) -> Incoming:
    """The record, understood as far as it can be; never raises."""
    command_id, digest = read_id(received.record), body_hash(received.record).hex()
    try:
        return Incoming(received, command_id, digest, _command(received))
    except DecodeError as error:
        return Incoming(received, command_id, digest, None, error)


def _command(received: Received) -> Message[Command]:
    message = decode(received.record)
    if not isinstance(message.body, Command):
        raise MalformedMessageError("it is no command: events and progress have topics of their own", field="ce_type")
    return Message(message.envelope, message.body)
