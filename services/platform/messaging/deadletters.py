"""Keeps what could not be decided: its bytes with secrets blacked out, where it came from and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.codec import RawRecord
from services.platform.messaging.producer import Producer
from services.platform.messaging.records import Place, Received
from services.platform.process.settings import KafkaSettings


@dataclass(frozen=True)
class DeadLetter:
    """A refused record. `place` is its own on the dead-letter topic; `origin` and `origin_place` where it came from."""

    place: Place
    at: datetime
    origin: str
    origin_place: Place
    code: str
    reason: str
    field: str | None
    refused_by: str
    record: RawRecord

    @property
    def message_id(self) -> UUID | None:
        """The record's `ce_id`, where one can be read."""
        raise NotImplementedError


class DeadLetters:
    """Puts refused records on the dead-letter topic."""

    def __init__(self, producer: Producer, *, service: str) -> None:
        raise NotImplementedError

    async def put(self, refused: Received, *, code: str, reason: str, field: str | None = None) -> Place:
        """Writes `refused` with its secrets blacked out. Raises as Producer.send."""
        raise NotImplementedError


async def list_dead_letters(settings: KafkaSettings, *, limit: int = 100) -> Sequence[DeadLetter]:
    """The newest dead letters, newest first. Raises BrokerUnavailableError."""
    raise NotImplementedError


async def show_dead_letter(settings: KafkaSettings, place: Place) -> DeadLetter:
    """One dead letter. Raises DeadLetterNotFoundError and BrokerUnavailableError."""
    raise NotImplementedError


async def replay_dead_letter(settings: KafkaSettings, place: Place, *, new_id: UUID) -> Place:
    """Puts its bytes on the command topic again under `new_id`; it can only succeed where no secret was blacked out.

    Raises DeadLetterNotFoundError, BrokerUnavailableError, SendInDoubtError and RecordRefusedError.
    """
    raise NotImplementedError
