"""What arrives from the log, understood as far as it can be: its stream, its place there, and the lane it waits in."""

import json
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from contracts.codec import RawRecord, decode, read_id
from contracts.envelope import Event, Message
from contracts.errors import DecodeError
from services.platform.eventstore.parked import ParkedRecord

NO_ID: Final = UUID(int=0)


class Arrival(NamedTuple):
    """A record of the event topic. `message` is None where it is no event that this release knows: `problem` says why.

    `sequence` is None where it cannot be read. Arrivals of one `lane` (an environment, else a stream) keep their order
    when one of them has to wait (architecture §2.4).
    """

    topic: str
    partition: int
    offset: int
    record: RawRecord
    stream: str
    sequence: int | None
    event_id: UUID
    lane: str
    message: Message[Event] | None
    problem: str = ""

    def parked(self, reason: str, *, poisonous: bool) -> ParkedRecord:
        """It as a record that waits."""
        return ParkedRecord(
            topic=self.topic,
            partition=self.partition,
            offset=self.offset,
            stream=self.stream,
            sequence=self.sequence or 0,
            event_id=self.event_id,
            lane=self.lane,
            record=self.record,
            reason=reason,
            poisonous=poisonous,
        )


def arrival(topic: str, partition: int, offset: int, record: RawRecord) -> Arrival:
    """The record, understood as far as it can be; never raises."""
    try:
        return _understood(topic, partition, offset, record)
    except DecodeError as error:
        return _not_understood(topic, partition, offset, record, problem=error.reason)


def _understood(topic: str, partition: int, offset: int, record: RawRecord) -> Arrival:
    message = decode(record)
    envelope, body = message.envelope, message.body
    if not isinstance(body, Event) or not envelope.subject or not envelope.sequence:
        raise DecodeError("it is no event with a place in a stream")
    return Arrival(
        topic=topic,
        partition=partition,
        offset=offset,
        record=record,
        stream=envelope.subject,
        sequence=envelope.sequence,
        event_id=envelope.id,
        lane=_lane(vars(body).get("environment_id"), envelope.subject),
        message=cast("Message[Event]", message),
    )


def _not_understood(topic: str, partition: int, offset: int, record: RawRecord, *, problem: str) -> Arrival:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    sequence = headers.get("ce_sequence", "")
    stream = headers.get("ce_subject", f"unknown/{topic}/{partition}-{offset}")
    return Arrival(
        topic=topic,
        partition=partition,
        offset=offset,
        record=record,
        stream=stream,
        sequence=int(sequence) if sequence.isdecimal() else None,
        event_id=read_id(record) or NO_ID,
        lane=_lane(_environment_id(record), stream),
        message=None,
        problem=problem,
    )


def _lane(environment_id: object, stream: str) -> str:
    return f"environment/{environment_id}" if environment_id else f"stream/{stream}"


def _environment_id(record: RawRecord) -> object:
    try:
        data: Any = json.loads(record.value or b"")
    except (ValueError, RecursionError):
        return None
    return data.get("environment_id") if isinstance(data, dict) else None
