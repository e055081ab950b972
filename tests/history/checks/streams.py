"""A stream is a row of events without a gap, each place taken once, on one partition and in its order."""

from collections import defaultdict
from collections.abc import Iterator

from tests.history.evidence import Evidence, Finding, Record


def _streams(evidence: Evidence) -> dict[str, list[Record]]:
    streams: defaultdict[str, list[Record]] = defaultdict(list)
    for record in evidence.distinct():
        streams[record.headers.get("ce_subject", "")].append(record)
    return streams


def places_are_unique_and_without_gap(evidence: Evidence) -> Iterator[Finding]:
    """1, 2, 3 … and never two events at one place, nor one id with two bodies."""
    for stream, records in _streams(evidence).items():
        sequences = sorted(int(record.headers["ce_sequence"]) for record in records)
        if len(set(sequences)) != len(sequences):
            yield Finding("one place, two events", stream)
        missing = set(range(1, sequences[-1] + 1)) - set(sequences)
        if missing:
            yield Finding("gap in a stream", f"{stream}: {sorted(missing)}")
    bodies: dict[str, bytes] = {}
    for record in evidence.events:
        if bodies.setdefault(record.id, record.value) != record.value:
            yield Finding("one id, two bodies", record.id)


def a_stream_has_one_partition_and_its_order(evidence: Evidence) -> Iterator[Finding]:
    """What is about one app is totally ordered: so no stream is on two partitions."""
    for stream, records in _streams(evidence).items():
        if len({record.partition for record in records}) > 1:
            yield Finding("a stream on several partitions", stream)
        sequences = [int(record.headers["ce_sequence"]) for record in records]
        if sequences != sorted(sequences):
            yield Finding("a stream out of order", stream)
