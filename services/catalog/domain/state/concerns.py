"""Which events concern which row: a row is the fold of just these, in the order of the log."""

from typing import Final

from contracts.commands.backups import RequestBackup
from contracts.commands.policies import ChangePolicy
from contracts.commands.retention import DeleteBackup, ExpireBackup
from contracts.commands.uploads import ImportBackup, RequestUpload
from contracts.envelope import Command, Event
from contracts.events import apps, backups, policies, restores, retention, shredding, slots, uploads

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

_UPLOAD_WORK: Final[Events] = (uploads.UploadRequested, uploads.DataUploaded, uploads.UploadFailed)

_APPLICATION: Final[Events] = (
    policies.PolicyApplicationRequested,
    policies.PolicyChangeApproved,
    policies.PolicyChangeWithdrawn,
    policies.PolicyChangeApplied,
    retention.BackupExpiryChanged,
)

APP: Final[Events] = (apps.AppRegistered, apps.AppUpdated, apps.AppRemoved, *_DESCRIBED, policies.PolicyChanged)
ENVIRONMENT: Final[Events] = (
    *_DESCRIBED,
    *_BACKUP_WORK,
    *_RESTORE_WORK,
    *_UPLOAD_WORK,
    uploads.PackageRemoved,
    uploads.EnvironmentCleared,
    uploads.AppServicesUnpublished,
    apps.EnvironmentCheckRequested,
    apps.EnvironmentChecked,
    apps.PackageDeployed,
    apps.EnvironmentStarted,
    apps.EnvironmentStopped,
    apps.HookCallRequested,
    apps.HookAnswered,
    apps.HookFailed,
    apps.AppServicePublished,
    apps.AppServiceUnpublished,
    slots.SlotEnded,
    policies.PolicyChanged,
    retention.SweepStopped,
    retention.SweepApproved,
    retention.SweepResumed,
    shredding.ShreddingRequested,
    shredding.BackupsShredded,
    shredding.ShreddingFailed,
    slots.ScheduleStopped,
    slots.ScheduleApproved,
    slots.ScheduleResumed,
)
BACKUP: Final[Events] = (
    *_BACKUP_WORK,
    backups.BackupCommented,
    backups.BackupPinned,
    backups.BackupUnpinned,
    backups.BackupCancelRequested,
    backups.BackupStarted,
    retention.BackupExpired,
    retention.ExpiryHeld,
    retention.ExpiryReleased,
    retention.BackupExpiryChanged,
    retention.BackupDeletionRequested,
    retention.BackupErasureRequested,
    retention.BackupDeleted,
    retention.BackupErased,
    retention.LeaseAcquired,
    retention.LeaseReleased,
)
RESTORE: Final[Events] = (*_RESTORE_WORK, restores.RestoreCancelRequested, restores.RestoreStarted)
UPLOAD: Final[Events] = (*_UPLOAD_WORK, uploads.UploadCancelRequested, uploads.UploadStarted)
PREFLIGHT: Final[Events] = (
    restores.PreflightRequested,
    restores.PreflightCancelRequested,
    restores.PreflightCompleted,
)
POLICY_CHANGE: Final[Events] = (policies.PolicyChanged, *_APPLICATION)

FACTS: Final[Events] = (
    apps.EnvironmentChecked,
    apps.HookAnswered,
    apps.HookFailed,
    backups.BackupStarted,
    backups.BackupCompleted,
    backups.BackupFailed,
    restores.RestoreStarted,
    restores.RestoreCompleted,
    restores.RestoreFailed,
    restores.RestoreUndone,
    restores.RestoreUndoFailed,
    restores.PreflightCompleted,
    uploads.UploadStarted,
    uploads.PackageRemoved,
    uploads.EnvironmentCleared,
    uploads.AppServicesUnpublished,
    uploads.DataUploaded,
    uploads.UploadFailed,
    slots.SlotEnded,
    slots.ScheduleStopped,
    slots.ScheduleResumed,
    retention.SweepStopped,
    retention.SweepResumed,
    retention.BackupDeleted,
    shredding.BackupsShredded,
    shredding.ShreddingFailed,
)
"""What other services say and the catalog's rows must know; the catalog's own events it has applied itself."""

JUDGED_BY_MORE: Final[tuple[type[Command], ...]] = (
    RequestBackup,
    RequestUpload,
    ImportBackup,
    ChangePolicy,
    DeleteBackup,
    ExpireBackup,
)
"""Commands that are decided from the environment and the app of what they name, too."""
