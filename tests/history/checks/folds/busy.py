"""What is under way in an environment, which keeps others from changing it."""

from typing import Final

from tests.history.evidence import Json, Record

BEGINS: Final = {
    "RestoreRequested": ("active_restore", "restore_id"),
    "RestoreUndoRequested": ("active_restore", "restore_id"),
    "UploadRequested": ("active_upload", "upload_id"),
    "ShreddingRequested": ("active_shredding", "shred_id"),
    "RestoreCompleted": ("undoable_restore", "restore_id"),
}
ENDS: Final = {
    "RestoreCompleted": "active_restore",
    "RestoreFailed": "active_restore",
    "RestoreUndone": "active_restore",
    "RestoreUndoFailed": "active_restore",
    "DataUploaded": "active_upload",
    "UploadFailed": "active_upload",
    "BackupsShredded": "active_shredding",
    "ShreddingFailed": "active_shredding",
}
NOT_YET: Final[Json] = {
    **dict.fromkeys(("active_restore", "active_upload", "active_shredding", "undoable_restore")),
    "active_backups": [],
}


def worked(record: Record, environment: Json) -> Json:
    """From what was accepted to its end; the newest switch can be undone until its grace has ended."""
    told: Json = {ENDS[record.name]: None} if record.name in ENDS else {}
    if record.name in BEGINS:
        field, named_by = BEGINS[record.name]
        told[field] = record.data[named_by]
    if record.name in {"RestoreUndone", "RestoreGraceEnded"}:
        told |= _not_undoable(record, environment)
    return told | _backups(record, environment)


def _not_undoable(record: Record, environment: Json) -> Json:
    is_newest = environment["undoable_restore"] == record.data["restore_id"]
    return {"undoable_restore": None} if is_newest else {}


def _backups(record: Record, environment: Json) -> Json:
    active = environment["active_backups"]
    match record.name:
        case "BackupRequested":
            return {"active_backups": [*active, record.data["backup_id"]]}
        case "BackupCompleted" | "BackupFailed":
            return {"active_backups": [one for one in active if one != record.data["backup_id"]]}
    return {}
