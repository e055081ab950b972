"""States move only along the machines of the specification, written down here once more."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.history.evidence import Evidence, Finding, Record

NONE: Final = ""
Moves = Mapping[str, tuple[frozenset[str], str | frozenset[str]]]
"""By event: from which states, into which; of several, its own `state` says into which."""


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
SLOT: Final[Moves] = {
    "SlotPlanned": (_from(NONE, "planned"), "planned"),
    "SlotEnded": (_from("planned"), _from("completed", "failed", "skipped", "missed")),
}
"""Planned again, for another time, where the schedule has changed meanwhile."""
MACHINES: Final[Mapping[str, Moves]] = {
    "backup_id": BACKUP,
    "restore_id": RESTORE,
    "upload_id": UPLOAD,
    "archive_id": ARCHIVE,
    "environment_id/slot_date": SLOT,
}
"""By what names a thing."""
STILL: Final = {
    "BackupCommented": "backup_id",
    "BackupPinned": "backup_id",
    "BackupUnpinned": "backup_id",
    "BackupCancelRequested": "backup_id",
    "BackupErasureRequested": "backup_id",
    "BackupErased": "backup_id",
    "BackupExpiryChanged": "backup_id",
    "ExpiryHeld": "backup_id",
    "ExpiryReleased": "backup_id",
    "LeaseAcquired": "backup_id",
    "LeaseReleased": "backup_id",
    "RestoreCancelRequested": "restore_id",
    "RestoreUndoRequested": "restore_id",
    "RestoreUndoFailed": "restore_id",
    "RestoreGraceEnded": "restore_id",
    "PreviousStateRemoved": "restore_id",
    "UploadCancelRequested": "upload_id",
    "EnvironmentCleared": "upload_id",
    "PackageRemoved": "upload_id",
    "AppServicesUnpublished": "upload_id",
    "ArchiveDownloaded": "archive_id",
}
"""What is said only of something that there is."""


def states(evidence: Evidence, named_by: str, moves: Moves) -> tuple[dict[str, str], list[Finding]]:
    """Where each thing is at the end of the log, and the moves that its machine does not know."""
    now: dict[str, str] = {}
    wrong = []
    for record in evidence.distinct():
        if record.name in moves:
            entity_id = record.named(named_by)
            before, into = moves[record.name]
            after = into if isinstance(into, str) else str(record.data["state"])
            if now.get(entity_id, NONE) not in before or not (after == into or after in into):
                wrong.append(Finding("a move outside the machine", f"{_told(record)} while {now.get(entity_id)!r}"))
            now[entity_id] = after
    return now, wrong


def states_move_along_their_machines(evidence: Evidence) -> Iterator[Finding]:
    """Backups, restores, uploads, archives, nights; and nothing is said of what there is not."""
    known: dict[str, dict[str, str]] = {}
    for named_by, moves in MACHINES.items():
        known[named_by], wrong = states(evidence, named_by, moves)
        yield from wrong
    for record in evidence.distinct():
        named_by = STILL.get(record.name, "")
        if named_by and record.named(named_by) not in known[named_by]:
            yield Finding("said of what there is not", _told(record))


def _told(record: Record) -> str:
    return f"{record.name} {record.headers.get('ce_subject')}:{record.headers.get('ce_sequence')}"
