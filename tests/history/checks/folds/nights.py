"""Expected nights, as the log tells of them."""

from typing import Final

from tests.history.checks.folds.folding import folded, of
from tests.history.evidence import Evidence, Json, Record

NIGHT: Final = "environment_id/slot_date"
PLANNED: Final = ("calendar_offset", "due_at")
ENDED: Final = ("due_at", "ended_at", "state", "reason", "late", "backup_id", "tries")
NOT_YET: Final[Json] = {
    "state": "planned",
    "reason": "",
    "late": False,
    "tries": [],
    "ended_at": None,
    "backup_id": None,
}


def rows(evidence: Evidence) -> dict[str, Json]:
    """By environment and date."""
    return folded(evidence, NIGHT, "SlotPlanned", _begun, _on)


def _begun(record: Record) -> Json:
    return of(record, PLANNED) | NOT_YET


def _on(record: Record, _night: Json) -> Json:
    return of(record, ENDED) if record.name == "SlotEnded" else {}
