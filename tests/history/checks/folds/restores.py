"""Restores and preflights, as the log tells of them."""

from typing import Final

from tests.history.checks.folds.folding import failure, folded, later, moved, of, updated
from tests.history.evidence import Evidence, Json, Record

OF_WHAT: Final = ("app_id", "backup_id", "environment_id", "source_environment_id", "database_only")
REQUESTED: Final = (*OF_WHAT, "model_version", "requested_at", "requested_by", "warnings")
COMPLETED: Final = ("finished_at", "switched_at", "database", "files", "sessions_ended", "warnings")
NOT_YET: Final[Json] = {
    **dict.fromkeys((*COMPLETED, "started_at", "undo_until", "failure")),
    "sessions_ended": [],
    "cancel_requested": False,
    "undo_state": "none",
}
MOVED_AT: Final = {
    "RestoreStarted": "started_at",
    "RestoreCompleted": "finished_at",
    "RestoreFailed": "finished_at",
    "RestoreUndone": "finished_at",
    "RestoreUndoFailed": "finished_at",
}
GRACE_HOURS: Final = 24


def rows(evidence: Evidence) -> dict[str, Json]:
    """By id."""
    return moved(evidence, "restore_id", "RestoreRequested", _begun, _on)


def _begun(record: Record) -> Json:
    return NOT_YET | of(record, REQUESTED) | {"updated_at": record.data["requested_at"]}


def _on(record: Record, _restore: Json) -> Json:
    return updated(record, MOVED_AT) | _worked(record) | _undone(record)


def _worked(record: Record) -> Json:
    match record.name:
        case "RestoreCancelRequested":
            return {"cancel_requested": True}
        case "RestoreStarted":
            return of(record, ("started_at",))
        case "RestoreCompleted":
            until = later(record.data["switched_at"], hours=GRACE_HOURS)
            return of(record, COMPLETED) | {"undo_state": "possible", "undo_until": until}
        case "RestoreFailed":
            return of(record, ("finished_at",)) | failure(record)
    return {}


def _undone(record: Record) -> Json:
    match record.name:
        case "RestoreUndoRequested":
            return {"undo_state": "running"}
        case "RestoreUndoFailed":
            return {"undo_state": "failed"} | failure(record)
        case "RestoreUndone":
            return {"undo_state": "done", "failure": None}
        case "RestoreGraceEnded":
            return {"undo_state": "gone"}
    return {}


def preflights(evidence: Evidence) -> dict[str, Json]:
    """By id."""

    def begun(record: Record) -> Json:
        return of(record, (*OF_WHAT, "facts")) | {"state": "running", "checked_at": None, "findings": []}

    def on(record: Record, preflight: Json) -> Json:
        if record.name != "PreflightCompleted":
            return {}
        state = "passed" if record.data["passed"] else "failed"
        facts = record.data["facts"] or preflight["facts"]
        return of(record, ("checked_at", "findings")) | {"state": state, "facts": facts}

    return folded(evidence, "preflight_id", "PreflightRequested", begun, on)
