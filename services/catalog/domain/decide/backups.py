"""Decisions on backups."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.commands.backups import (
    CancelBackup,
    CommentBackup,
    PinBackup,
    RecoverBackup,
    RequestBackup,
    UnpinBackup,
)
from contracts.commands.uploads import ImportBackup
from contracts.errors import RejectionCode
from contracts.events.backups import (
    BackupCancelRequested,
    BackupCommented,
    BackupKind,
    BackupPinned,
    BackupRequested,
    BackupUnpinned,
)
from contracts.retention import RULE_VERSION, Policy, expires_at, windows
from contracts.states import BackupState
from services.catalog.domain.decide.environments import refuse_shredding, remembered
from services.catalog.domain.decide.occasions import Occasion, nightly, on_demand, ready_at_night, ready_on_demand
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment

ACTIVE: Final = frozenset({BackupState.QUEUED, BackupState.RUNNING})
OVERDUE: Final = "recovered: its time was over"
"""Why a recovered backup is pinned that would go with the next sweep."""
LISTED: Final = ACTIVE | {BackupState.COMPLETED, BackupState.FAILED}


def known(backup: Backup | None, backup_id: UUID) -> Backup:
    """The backup, when it is in the list. Raises RefusedError."""
    if backup is None or backup.state not in LISTED:
        raise RefusedError(RejectionCode.NOT_FOUND, f"there is no backup {backup_id}", field="backup_id")
    return backup


def request_backup(  # noqa: PLR0913 -- what was asked, of what, by whom, when, under which rule
    backup: Backup | None,
    environment: Environment | None,
    command: RequestBackup,
    *,
    created_by: str,
    now: datetime,
    policy: Policy,
) -> BackupRequested:
    """Accepted at `now`; tiers and expiry are stamped here and never computed again, but by a changed policy."""
    if backup is not None:
        raise RefusedError(RejectionCode.ALREADY_EXISTS, f"backup {command.backup_id} exists", field="backup_id")
    if command.slot is None:
        environment = ready_on_demand(environment, command.environment_id)
        occasion = on_demand(environment, created_by=created_by, now=now)
    else:
        environment = ready_at_night(environment, command.environment_id)
        occasion = nightly(environment, command.slot, policy)
    requested = _requested(environment, command.backup_id, occasion, command.comment, now=now, policy=policy)
    return requested.model_copy(update={"read_all": command.read_all})


def safety_backup(  # noqa: PLR0913 -- of what, before what, for whom, when, under which rule
    environment: Environment, backup_id: UUID, upload_id: UUID, *, created_by: str, now: datetime, policy: Policy
) -> tuple[BackupRequested, BackupPinned]:
    """What an upload takes first: it names the upload, is pinned, and is the way back (spec: environments, step 7)."""
    occasion = replace(on_demand(environment, created_by=created_by, now=now), kind=BackupKind.SAFETY)
    comment = f"safety backup before upload {upload_id}"
    pinned = BackupPinned(backup_id=backup_id, environment_id=environment.environment_id, reason=comment)
    return _requested(environment, backup_id, occasion, comment, now=now, policy=policy), pinned


def import_backup(  # noqa: PLR0913 -- what was asked, into what, by whom, when, under which rule
    backup: Backup | None,
    environment: Environment | None,
    command: ImportBackup,
    *,
    created_by: str,
    now: datetime,
    policy: Policy,
) -> BackupRequested:
    """Kept as one that a person asked for now; what was sent is looked at by the work."""
    if backup is not None:
        raise RefusedError(RejectionCode.ALREADY_EXISTS, f"backup {command.backup_id} exists", field="backup_id")
    environment = ready_on_demand(environment, command.environment_id)
    occasion = replace(on_demand(environment, created_by=created_by, now=now), kind=BackupKind.UPLOADED)
    requested = _requested(environment, command.backup_id, occasion, command.comment, now=now, policy=policy)
    return requested.model_copy(update={"model_version": command.model_version, "parcel": command.parcel})


def _requested(  # noqa: PLR0913 -- of what, on which occasion, when, under which rule
    environment: Environment, backup_id: UUID, occasion: Occasion, comment: str, *, now: datetime, policy: Policy
) -> BackupRequested:
    return BackupRequested(
        **vars(occasion),
        backup_id=backup_id,
        environment_id=environment.environment_id,
        app_id=environment.app_id,
        created_at=now,
        comment=comment,
        model_version=environment.model_version,
        windows=windows(now, occasion.tiers, policy, occasion.kind),
        expires_at=expires_at(now, occasion.tiers, policy, occasion.kind),
        policy=policy.name,
        policy_version=policy.version,
        rule_version=RULE_VERSION,
    )


def recover_backup(
    backup: Backup | None, environment: Environment | None, command: RecoverBackup, *, now: datetime
) -> tuple[BackupRequested] | tuple[BackupRequested, BackupPinned]:
    """As its manifest tells it, the expiry as it was stamped; whether that is there, the snapshot service looks.

    Pinned where that time is over: what kept it may have been lost with the log, and only a person knows.
    """
    if backup is not None:
        raise RefusedError(RejectionCode.ALREADY_EXISTS, f"backup {command.backup_id} exists", field="backup_id")
    environment, entry = remembered(environment, command.environment_id), command.entry
    refuse_shredding(environment)
    told = (entry.backup_id, entry.environment_id, entry.app_id)
    if told != (command.backup_id, command.environment_id, environment.app_id):
        reason = (
            f"the manifest is that of backup {entry.backup_id} of environment {entry.environment_id} in the app "
            f"{entry.app_id}: register app and environment under the ids that they had"
        )
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="entry")
    requested = BackupRequested(**dict(entry), recovered_at=now)
    if requested.expires_at is None or now < requested.expires_at:
        return (requested,)
    ids = {"backup_id": requested.backup_id, "environment_id": requested.environment_id}
    return requested, BackupPinned(**ids, reason=OVERDUE)


def comment_backup(backup: Backup | None, command: CommentBackup) -> BackupCommented:
    """In any state in which it is listed."""
    backup = known(backup, command.backup_id)
    return BackupCommented(backup_id=backup.backup_id, environment_id=backup.environment_id, comment=command.comment)


def pin_backup(backup: Backup | None, command: PinBackup) -> BackupPinned:
    """Pinned again, the newer reason stands."""
    backup = known(backup, command.backup_id)
    return BackupPinned(backup_id=backup.backup_id, environment_id=backup.environment_id, reason=command.reason)


def unpin_backup(backup: Backup | None, command: UnpinBackup) -> BackupUnpinned:
    """Only what is pinned."""
    backup = known(backup, command.backup_id)
    if not backup.pinned:
        raise RefusedError(RejectionCode.NOT_ALLOWED, "this backup is not pinned", field="backup_id")
    return BackupUnpinned(backup_id=backup.backup_id, environment_id=backup.environment_id)


def cancel_backup(backup: Backup | None, command: CancelBackup) -> BackupCancelRequested:
    """While it is queued or running; manifest or tombstone then decides."""
    backup = known(backup, command.backup_id)
    if backup.state not in ACTIVE:
        raise RefusedError(
            RejectionCode.NOT_ALLOWED, f"this backup is {backup.state}: there is nothing to cancel", field="backup_id"
        )
    if backup.cancel_requested:
        raise RefusedError(RejectionCode.NOT_ALLOWED, "this backup is being cancelled already", field="backup_id")
    return BackupCancelRequested(backup_id=backup.backup_id, environment_id=backup.environment_id)
