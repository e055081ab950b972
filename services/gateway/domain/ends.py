"""Which facts are the end of a backup, a restore or an upload, and what a receiver is told of them."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.envelope import Event
from contracts.events.backups import BackupCompleted, BackupFailed
from contracts.events.restores import RestoreCompleted, RestoreFailed, RestoreUndoFailed, RestoreUndone
from contracts.events.uploads import DataUploaded, UploadFailed

ENDS: Final[Mapping[type[Event], str]] = {
    BackupCompleted: "backup.completed",
    BackupFailed: "backup.failed",
    RestoreCompleted: "restore.completed",
    RestoreFailed: "restore.failed",
    RestoreUndone: "restore.undone",
    RestoreUndoFailed: "restore.undo_failed",
    DataUploaded: "upload.completed",
    UploadFailed: "upload.failed",
}
"""The type of the message; what is before the dot is what a webhook is about."""
TOLD: Final = ("backup_id", "restore_id", "upload_id", "environment_id", "finished_at", "code", "reason", "retryable")


def told_of(body: Event) -> dict[str, Any]:
    """What of an end may go to whoever is called: the ids to ask with, and why where it failed.

    Sizes, sessions and keys of the store stay here: a receiver asks for the rest, with rights of its own.
    """
    return {name: value for name, value in body.model_dump(mode="json").items() if name in TOLD}
