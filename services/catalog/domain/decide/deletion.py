"""Decisions on deleting by hand: it wins over tiers and guard, not over what needs the backup (spec: retention §2)."""

from datetime import datetime
from typing import Final

from contracts.commands.retention import DeleteBackup
from contracts.errors import RejectionCode
from contracts.events.retention import BackupDeletionRequested, BackupErasureRequested, Blocker
from contracts.states import BackupState
from services.catalog.domain.decide.backups import ACTIVE
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.backup import Backup

LET_GO: Final = frozenset({BackupState.EXPIRED, BackupState.DELETING, BackupState.DELETED})
"""Not in the list any more: what is left of it lies in the store only."""


def erase_backup(backup: Backup, *, requested_by: str, now: datetime) -> BackupErasureRequested:
    """Of one that was let go: nothing can need it any more. Once: whether it is whole, `explain` tells."""
    if backup.erase:
        reason = f"there is no backup {backup.backup_id}, and its erasure was asked for already: see its explanation"
        raise RefusedError(RejectionCode.NOT_FOUND, reason, field="backup_id")
    return BackupErasureRequested(
        backup_id=backup.backup_id,
        environment_id=backup.environment_id,
        requested_at=now,
        requested_by=requested_by,
    )


def delete_backup(  # noqa: PLR0913 -- what was asked, what stands in the way, by whom, when
    backup: Backup,
    command: DeleteBackup,
    *,
    holds: tuple[Blocker, ...],
    others_completed: bool,
    requested_by: str,
    now: datetime,
) -> BackupDeletionRequested:
    """`holds` without the guard: the last good one goes, too, after the person was told that it is the last."""
    if backup.state in ACTIVE:
        reason = f"this backup is {backup.state}: cancel it first, then delete it"
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="backup_id")
    if holds:
        reason = f"this backup cannot be deleted now: {'; '.join(one.reason for one in holds)}"
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="backup_id")
    is_last = backup.state is BackupState.COMPLETED and not others_completed
    if is_last and not command.confirm_last:
        raise RefusedError(
            RejectionCode.NOT_ALLOWED,
            "this is the last completed backup of its environment, nothing could be restored without it: "
            "say confirm_last to delete it all the same",
            field="confirm_last",
        )
    return BackupDeletionRequested(
        backup_id=backup.backup_id,
        environment_id=backup.environment_id,
        requested_at=now,
        requested_by=requested_by,
        was_last_good=is_last,
        erase=command.erase,
    )
