"""What was accepted comes to an end, and leaves nothing behind on the server that it worked on."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.history.checks.machines import RESTORE, states
from tests.history.evidence import Evidence, Finding, Record

Work = tuple[frozenset[str], str, frozenset[str]]


def _work(begins: str, named_by: str, ends: str) -> Work:
    return frozenset(begins.split()), named_by, frozenset(ends.split())


ENDS: Final = (
    _work("BackupRequested", "backup_id", "BackupCompleted BackupFailed"),
    _work("RestoreRequested", "restore_id", "RestoreCompleted RestoreFailed"),
    _work("RestoreGraceEnded", "restore_id", "PreviousStateRemoved"),
    _work("RestoreUndoRequested", "restore_id", "RestoreUndone RestoreUndoFailed"),
    _work("PreflightRequested", "preflight_id", "PreflightCompleted"),
    _work("UploadRequested", "upload_id", "DataUploaded UploadFailed"),
    _work("ArchiveRequested", "archive_id", "ArchiveCompleted ArchiveFailed"),
    _work("EnvironmentRegistered EnvironmentCheckRequested", "check_id", "EnvironmentChecked"),
    _work("HookCallRequested", "call_id", "HookAnswered HookFailed"),
    _work("ShreddingRequested", "shred_id", "BackupsShredded ShreddingFailed"),
)
"""What begins some work, what names it, and what may be said at its end; all has come to rest."""
GOES: Final = (
    _work("BackupExpired BackupDeletionRequested", "backup_id", "BackupDeleted"),
    _work("BackupErasureRequested", "backup_id", "BackupErased"),
)
"""What waits for a mark, so that it ends only where all that could be reclaimed was."""
WORK_IDS: Final = ("restore_id", "upload_id")
OWN: Final = re.compile(r"nightkeep_([0-9a-f]{32})_(previous|undone|[0-9]+)")


def what_was_accepted_ends(evidence: Evidence) -> Iterator[Finding]:
    """As often as it was asked for, since an undo that failed may be asked for again; and never more often."""
    log = evidence.distinct()
    for work in ENDS + GOES:
        open_now: Counter[str] = Counter()
        for record in log:
            entity_id, more = _more(record, work)
            open_now[entity_id] += more
            if more < 0 and open_now[entity_id] < 0:
                yield Finding("an end that nothing began", f"{record.name} of {entity_id}")
        if work in ENDS or evidence.reclaimed:
            yield from _left(open_now, work)


def _more(record: Record, work: Work) -> tuple[str, int]:
    """By how much a record changes what is open, and of what."""
    begins, named_by, ends = work
    return record.named(named_by), bool(begins & _begun(record)) - (record.name in ends)


def _left(open_now: Counter[str], work: Work) -> Iterator[Finding]:
    for entity_id, count in open_now.items():
        if count > 0:
            yield Finding("work that never ended", f"{' or '.join(sorted(work[0]))} of {entity_id}")


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
