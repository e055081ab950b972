"""What all folds share."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from tests.history.evidence import Evidence, Json, Record


def folded(
    evidence: Evidence,
    named_by: str,
    first: str,
    begun: Callable[[Record], Json],
    on: Callable[[Record, Json], Json],
) -> dict[str, Json]:
    """The rows of things that begin with the event `first`; what comes of each event `on` them is added."""
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        entity_id = record.named(named_by)
        if record.name == first:
            found[entity_id] = begun(record)
        elif entity_id in found:
            found[entity_id] |= on(record, found[entity_id])
    return found


def of(record: Record, fields: Iterable[str]) -> Json:
    """What an event says in these fields."""
    return {field: record.data.get(field) for field in fields}


def failure(record: Record) -> Json:
    """Why something failed."""
    return {"failure": of(record, ("code", "reason", "retryable"))}


def later(instant: str, **by: float) -> str:
    """Another instant."""
    return (datetime.fromisoformat(instant) + timedelta(**by)).isoformat()
