"""Keeps what could not be decided: its bytes with secrets blacked out, where it came from and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from contracts.codec import RawRecord, read_id
from contracts.topics import Topic
from services.platform.messaging.errors import DeadLetterNotFoundError
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.records import Place, Received
from services.platform.messaging.redaction import BLACKED_OUT, blacked_out, named_like_a_secret
from services.platform.process.settings import KafkaSettings

MARK: Final = "nightkeep_"
"""Our own headers on the dead-letter topic begin with this; the refused record's are beside them."""
KEPT_BYTES: Final = 768 * 1024
"""More than a command may have; a longer value is cut, so that the dead letter itself is never refused."""
KEPT_HEADER_BYTES: Final = 4 * 1024
KEPT_HEADERS: Final = 32


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
        return read_id(self.record)

    @classmethod
    def read(cls, received: Received) -> Self:
        """What `DeadLetters.put` wrote."""
        marks = {
            name.removeprefix(MARK): value.decode(errors="replace")
            for name, value in received.record.headers
            if _is_mark(name)
        }
        own = tuple(header for header in received.record.headers if not _is_mark(header[0]))
        return cls(
            place=received.place,
            at=received.at,
            origin=marks["topic"],
            origin_place=Place(int(marks["partition"]), int(marks["offset"])),
            code=marks["code"],
            reason=marks["reason"],
            field=marks.get("field"),
            refused_by=marks["refused_by"],
            record=RawRecord(received.record.key, received.record.value, own),
        )


class DeadLetters:
    """Puts refused records on the dead-letter topic."""

    def __init__(self, producer: Producer, *, service: str) -> None:
        self._producer = producer
        self._service = service

    async def put(self, refused: Received, *, code: str, reason: str, field: str | None = None) -> Place:
        """Writes `refused` with its secrets blacked out. Raises as Producer.send."""
        marks = {
            "topic": refused.topic,
            "partition": str(refused.place.partition),
            "offset": str(refused.place.offset),
            "code": code,
            "reason": reason,
            "refused_by": self._service,
        } | ({} if field is None else {"field": field})
        record = RawRecord(
            key=refused.record.key and refused.record.key[:KEPT_HEADER_BYTES],
            value=blacked_out(refused.record.value or b"")[:KEPT_BYTES],
            headers=(*_kept(refused.record.headers), *_marked(marks)),
        )
        return await self._producer.send(Topic.DEAD_LETTERS, record)


async def list_dead_letters(settings: KafkaSettings, *, limit: int = 100) -> Sequence[DeadLetter]:
    """The newest dead letters, newest first. Raises BrokerUnavailableError."""
    found: list[Received] = []
    async with LogReader.open(settings) as reader:
        starts, ends = await reader.starts(Topic.DEAD_LETTERS), await reader.ends(Topic.DEAD_LETTERS)
        for partition, end in ends.items():
            start = max(starts[partition], end - limit)
            async for records in reader.read(Topic.DEAD_LETTERS, partition, start, end):
                found.extend(records)
    newest = sorted(found, key=lambda received: (received.at, received.place), reverse=True)[:limit]
    return [DeadLetter.read(received) for received in newest]


async def show_dead_letter(settings: KafkaSettings, place: Place) -> DeadLetter:
    """One dead letter. Raises DeadLetterNotFoundError and BrokerUnavailableError."""
    async with LogReader.open(settings) as reader:
        if place.offset < (await reader.ends(Topic.DEAD_LETTERS)).get(place.partition, 0):
            async for records in reader.read(Topic.DEAD_LETTERS, place.partition, place.offset, place.offset + 1):
                return DeadLetter.read(records[0])
    raise DeadLetterNotFoundError(f"there is no dead letter {place.partition}-{place.offset}: list them to see which")


async def replay_dead_letter(settings: KafkaSettings, place: Place, *, new_id: UUID) -> Place:
    """Puts its bytes on the command topic again under `new_id`; it can only succeed where no secret was blacked out.

    Raises DeadLetterNotFoundError, BrokerUnavailableError, SendInDoubtError and RecordRefusedError.
    """
    letter = await show_dead_letter(settings, place)
    async with Producer.open(settings) as producer:
        return await producer.send(Topic.COMMANDS, replayed(letter, new_id))


def replayed(letter: DeadLetter, new_id: UUID) -> RawRecord:
    """The letter's record under a new id: a known one would be taken for the command that was refused."""
    others = tuple(header for header in letter.record.headers if header[0] != "ce_id")
    return RawRecord(letter.record.key, letter.record.value, (("ce_id", str(new_id).encode()), *others))


def _is_mark(name: str) -> bool:
    return name.startswith(MARK)


def _marked(marks: Mapping[str, str]) -> Iterable[tuple[str, bytes]]:
    return ((MARK + name, text.encode()[:KEPT_HEADER_BYTES]) for name, text in marks.items())


def _kept(headers: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
    sane = [(name, value) for name, value in headers if not _is_mark(name) and len(name) < KEPT_HEADER_BYTES]
    for name, value in sane[:KEPT_HEADERS]:
        secret = named_like_a_secret(name) and not value.startswith(b"secret:")
        yield name, BLACKED_OUT.encode() if secret else (value or b"")[:KEPT_HEADER_BYTES]
