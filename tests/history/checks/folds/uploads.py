"""Uploads, as the log tells of them."""

from typing import Final

from tests.history.checks.folds.folding import failure, moved, of
from tests.history.evidence import Evidence, Json, Record

REQUESTED: Final = ("app_id", "environment_id", "data_type", "safety_backup_id", "requested_at", "requested_by")
UPLOADED: Final = ("finished_at", "switched_at", "model_version", "database", "files", "sessions_ended", "warnings")
NOT_YET: Final[Json] = {
    **dict.fromkeys((*UPLOADED, "started_at", "failure")),
    "sessions_ended": [],
    "warnings": [],
    "cancel_requested": False,
}


def rows(evidence: Evidence) -> dict[str, Json]:
    """By id."""
    return moved(evidence, "upload_id", "UploadRequested", _begun, _on)


def _begun(record: Record) -> Json:
    return NOT_YET | of(record, REQUESTED) | {"size_bytes": record.data["parcel"]["size_bytes"]}


def _on(record: Record, _upload: Json) -> Json:
    match record.name:
        case "UploadCancelRequested":
            return {"cancel_requested": True}
        case "UploadStarted":
            return of(record, ("started_at",))
        case "DataUploaded":
            return of(record, UPLOADED) | {"status_message": "Completed"}
        case "UploadFailed":
            return of(record, ("finished_at",)) | failure(record) | {"status_message": record.data["reason"]}
    return {}
