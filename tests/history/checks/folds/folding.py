"""What all folds share."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from tests.history.checks.machines import MACHINES, states
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


def moved(
    evidence: Evidence,
    named_by: str,
    first: str,
    begun: Callable[[Record], Json],
    on: Callable[[Record, Json], Json],
) -> dict[str, Json]:
    """The same of things that have a machine: each with its state."""
    now, _ = states(evidence, named_by, MACHINES[named_by])
    found = folded(evidence, named_by, first, begun, on)
    return {entity_id: row | {"state": now[entity_id]} for entity_id, row in found.items()}


def updated(record: Record, moved_at: Mapping[str, str]) -> Json:
    """When a thing was moved last, where an event moves it; `moved_at` has which does, and the field that says when."""
    field = moved_at.get(record.name)
    return {"updated_at": record.data.get(field)} if field else {}


def of(record: Record, fields: Iterable[str]) -> Json:
    """What an event says in these fields."""
    return {field: record.data.get(field) for field in fields}


def failure(record: Record) -> Json:
    """Why something failed."""
    return {"failure": of(record, ("code", "reason", "retryable"))}


def later(instant: str, **by: float) -> str:
    """Another instant."""
    return (datetime.fromisoformat(instant) + timedelta(**by)).isoformat()
