"""Kafka's records as the rest of the product sees them: no driver type leaves this package."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from contracts.codec import RawRecord


class Place(NamedTuple):
    """Where a record lies in a topic."""

    partition: int
    offset: int


class Received(NamedTuple):
    """A record as it was read. `at` is the instant at which it was produced, by the broker's or sender's clock."""

    topic: str
    place: Place
    at: datetime
    record: RawRecord


def firsts(records: Iterable[Received]) -> dict[int, int]:
    """The offset of the first of `records` in each of their partitions, in the order of partitions."""
    found: dict[int, int] = {}
    for record in records:
        found.setdefault(record.place.partition, record.place.offset)
    return dict(sorted(found.items()))


def received(record: Any) -> Received:  # noqa: ANN401 -- aiokafka's record is generic in types that it does not export
    """The driver's `record` as one of ours."""
    return Received(
        topic=record.topic,
        place=Place(record.partition, record.offset),
        at=datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC),
        record=RawRecord(record.key, record.value, tuple([(name, value or b"") for name, value in record.headers])),
    )
