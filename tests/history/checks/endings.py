"""What was accepted comes to an end, and leaves nothing behind on the server that it worked on."""

import re
from collections.abc import Iterator
from typing import Final

from tests.history.checks.machines import RESTORE, states
from tests.history.evidence import Evidence, Finding, Record

ENDS: Final = (
    ("BackupRequested", "backup_id", frozenset({"BackupCompleted", "BackupFailed"})),
    ("RestoreRequested", "restore_id", frozenset({"RestoreCompleted", "RestoreFailed"})),
    ("RestoreGraceEnded", "restore_id", frozenset({"PreviousStateRemoved"})),
    ("RestoreUndoRequested", "restore_id", frozenset({"RestoreUndone", "RestoreUndoFailed"})),
    ("PreflightRequested", "preflight_id", frozenset({"PreflightCompleted"})),
    ("UploadRequested", "upload_id", frozenset({"DataUploaded", "UploadFailed"})),
    ("ArchiveRequested", "archive_id", frozenset({"ArchiveCompleted", "ArchiveFailed"})),
    ("EnvironmentCheckRequested", "check_id", frozenset({"EnvironmentChecked"})),
    ("HookCallRequested", "call_id", frozenset({"HookAnswered", "HookFailed"})),
    ("ShreddingRequested", "shred_id", frozenset({"BackupsShredded", "ShreddingFailed"})),
)
"""What begins some work, what names it, and what may be said at its end; all has come to rest."""
GOES: Final = (
    ("BackupExpired", "backup_id", frozenset({"BackupDeleted"})),
    ("BackupDeletionRequested", "backup_id", frozenset({"BackupDeleted"})),
    ("BackupErasureRequested", "backup_id", frozenset({"BackupErased"})),
)
"""What waits for a mark, so that it ends only where all that could be reclaimed was."""
WORK_IDS: Final = ("restore_id", "upload_id")
OWN: Final = re.compile(r"nightkeep_([0-9a-f]{32})_(previous|undone|[0-9]+)")


def what_was_accepted_ends(evidence: Evidence) -> Iterator[Finding]:
    """As often as it was asked for, since an undo that failed may be asked for again."""
    asked = ENDS + GOES if evidence.reclaimed else ENDS
    log = evidence.distinct()
    for begin, named_by, ends in asked:
        open_now: dict[str, int] = {}
        for record in log:
            more = (begin in _begun(record)) - (record.name in ends)
            if more:
                entity_id = str(record.data[named_by])
                open_now[entity_id] = open_now.get(entity_id, 0) + more
        for entity_id, count in open_now.items():
            if count > 0:
                yield Finding("work that never ended", f"{begin} of {entity_id}")


def _begun(record: Record) -> set[str]:
    """What begins with an event; a deletion may be an erasure, too."""
    return {record.name, "BackupErasureRequested"} if record.data.get("erase") is True else {record.name}


def no_database_is_left_behind(evidence: Evidence) -> Iterator[Finding]:
    """What a restore replaced is there until its grace is over; nothing else that one made has another name by then."""
    now, _ = states(evidence, "restore_id", RESTORE)
    removed = {record.data["restore_id"] for record in evidence.distinct() if record.name == "PreviousStateRemoved"}
    stay = {restore_id.replace("-", "") for restore_id, state in now.items() if state == "completed"}
    stay -= {restore_id.replace("-", "") for restore_id in removed}
    own = {str(record.data.get(name, "")).replace("-", "") for record in evidence.events for name in WORK_IDS}
    for database in evidence.databases:
        found = OWN.fullmatch(database)
        if found is None or found[1] not in own:
            continue  # of another platform on this server
        if found[2] != "previous" or found[1] not in stay:
            yield Finding("a database that was left behind", database)
