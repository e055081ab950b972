"""States move only along the machines of the specification, written down here once more."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.history.evidence import Evidence, Finding, Record

NONE: Final = ""
Moves = Mapping[str, tuple[frozenset[str], str]]
"""By event: from which states, into which."""


def _from(*states: str) -> frozenset[str]:
    return frozenset(states)


BACKUP: Final[Moves] = {
    "BackupRequested": (_from(NONE), "queued"),
    "BackupStarted": (_from("queued", "running"), "running"),
    "BackupCompleted": (_from("running"), "completed"),
    "BackupFailed": (_from("queued", "running"), "failed"),
    "BackupExpired": (_from("completed", "failed"), "expired"),
    "BackupDeletionRequested": (_from("completed", "failed"), "deleting"),
    "BackupDeleted": (_from("expired", "deleting"), "deleted"),
}
RESTORE: Final[Moves] = {
    "RestoreRequested": (_from(NONE), "queued"),
    "RestoreStarted": (_from("queued", "running"), "running"),
    "RestoreCompleted": (_from("running"), "completed"),
    "RestoreFailed": (_from("queued", "running"), "failed"),
    "RestoreUndone": (_from("completed"), "undone"),
}
UPLOAD: Final[Moves] = {
    "UploadRequested": (_from(NONE), "queued"),
    "UploadStarted": (_from("queued", "running"), "running"),
    "DataUploaded": (_from("running"), "completed"),
    "UploadFailed": (_from("queued", "running"), "failed"),
}
ARCHIVE: Final[Moves] = {
    "ArchiveRequested": (_from(NONE), "queued"),
    "ArchiveStarted": (_from("queued", "running"), "running"),
    "ArchiveCompleted": (_from("running"), "completed"),
    "ArchiveFailed": (_from("queued", "running"), "failed"),
    "ArchiveExpired": (_from("completed"), "expired"),
}
MACHINES: Final = (("backup_id", BACKUP), ("restore_id", RESTORE), ("upload_id", UPLOAD), ("archive_id", ARCHIVE))
STILL: Final = {
    "BackupCommented": "backup_id",
    "BackupPinned": "backup_id",
    "BackupErasureRequested": "backup_id",
    "BackupErased": "backup_id",
    "RestoreUndoRequested": "restore_id",
    "RestoreGraceEnded": "restore_id",
    "UploadCancelRequested": "upload_id",
    "EnvironmentCleared": "upload_id",
    "PackageRemoved": "upload_id",
    "AppServicesUnpublished": "upload_id",
}
"""What is said only of something that there is."""


def states(evidence: Evidence, id_field: str, moves: Moves) -> tuple[dict[str, str], list[Finding]]:
    """Where each thing is at the end of the log, and the moves that its machine does not know."""
    now: dict[str, str] = {}
    wrong = []
    for record in evidence.distinct():
        if record.name in moves:
            entity_id = str(record.data[id_field])
            before, after = moves[record.name]
            if now.get(entity_id, NONE) not in before:
                wrong.append(Finding("a move outside the machine", f"{_told(record)} while {now.get(entity_id)!r}"))
            now[entity_id] = after
    return now, wrong


def states_move_along_their_machines(evidence: Evidence) -> Iterator[Finding]:
    """Backups, restores, uploads, archives; and nothing is said of what there is not."""
    known: dict[str, dict[str, str]] = {}
    for id_field, moves in MACHINES:
        known[id_field], wrong = states(evidence, id_field, moves)
        yield from wrong
    for record in evidence.distinct():
        id_field = STILL.get(record.name, "")
        if id_field and str(record.data[id_field]) not in known[id_field]:
            yield Finding("said of what there is not", _told(record))


def _told(record: Record) -> str:
    return f"{record.name} {record.headers.get('ce_subject')}:{record.headers.get('ce_sequence')}"
