"""Which events concern which row: a row is the fold of just these, in the order of the log."""

from typing import Final

from contracts.envelope import Event
from contracts.events import apps, backups, restores

Events = tuple[type[Event], ...]

_DESCRIBED: Final[Events] = (apps.EnvironmentRegistered, apps.EnvironmentUpdated, apps.EnvironmentRemoved)
_BACKUP_WORK: Final[Events] = (backups.BackupRequested, backups.BackupCompleted, backups.BackupFailed)
_RESTORE_WORK: Final[Events] = (
    restores.RestoreRequested,
    restores.RestoreUndoRequested,
    restores.RestoreCompleted,
    restores.RestoreFailed,
    restores.RestoreUndone,
    restores.RestoreUndoFailed,
    restores.RestoreGraceEnded,
)

APP: Final[Events] = (apps.AppRegistered, apps.AppUpdated, apps.AppRemoved, *_DESCRIBED)
ENVIRONMENT: Final[Events] = (
    *_DESCRIBED,
    *_BACKUP_WORK,
    *_RESTORE_WORK,
    apps.EnvironmentCheckRequested,
    apps.EnvironmentChecked,
    apps.PackageDeployed,
    apps.EnvironmentStarted,
    apps.EnvironmentStopped,
    apps.AppServicePublished,
    apps.AppServiceUnpublished,
)
BACKUP: Final[Events] = (
    *_BACKUP_WORK,
    backups.BackupCommented,
    backups.BackupPinned,
    backups.BackupUnpinned,
    backups.BackupCancelRequested,
    backups.BackupStarted,
)
RESTORE: Final[Events] = (*_RESTORE_WORK, restores.RestoreCancelRequested, restores.RestoreStarted)
PREFLIGHT: Final[Events] = (restores.PreflightRequested, restores.PreflightCompleted)

FACTS: Final[Events] = (
    apps.EnvironmentChecked,
    backups.BackupStarted,
    backups.BackupCompleted,
    backups.BackupFailed,
    restores.RestoreStarted,
    restores.RestoreCompleted,
    restores.RestoreFailed,
    restores.RestoreUndone,
    restores.RestoreUndoFailed,
)
"""What other services say and the catalog's rows must know; the catalog's own events it has applied itself."""
