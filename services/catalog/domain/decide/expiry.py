"""Decisions on expiry: the catalog alone says that a backup goes (spec: retention §2)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.commands.retention import ExpireBackup
from contracts.errors import RejectionCode
from contracts.events.retention import BackupExpired, Blocker, BlockerKind, ExpiryHeld, ExpiryReleased
from contracts.retention import is_kept
from services.catalog.domain.decide.backups import ACTIVE
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.backup import Backup


def holds(
    backup: Backup, restores: Sequence[UUID], *, database_now: datetime, upload: UUID | None = None
) -> tuple[Blocker, ...]:
    """What keeps a backup from going at all: its pin, the restores running from it, leases by PostgreSQL's clock.

    And the `upload` whose way back it is, as long as that has not ended.
    """
    pin = [Blocker(kind=BlockerKind.PIN, reason=_pinned(backup.pinned_reason))] if backup.pinned else []
    running = [
        Blocker(kind=BlockerKind.RESTORE, reason=f"restore {one} reads it", holder_id=one) for one in sorted(restores)
    ]
    uploads = (
        [Blocker(kind=BlockerKind.UPLOAD, reason=f"it is the way back of upload {upload}", holder_id=upload)]
        if upload
        else []
    )
    leases = [
        Blocker(
            kind=BlockerKind.LEASE,
            reason=f"{lease.holder} works with it until {lease.until.isoformat()}",
            holder_id=lease.lease_id,
            until=lease.until,
        )
        for lease in backup.leases
        if database_now < lease.until
    ]
    return (*pin, *running, *uploads, *leases)


def guard(backup: Backup, newest_completed: UUID | None) -> tuple[Blocker, ...]:
    """The last-good guard: the newest completed backup of an environment stays until a newer one has completed."""
    if backup.backup_id != newest_completed:
        return ()
    reason = "it is the newest completed backup of its environment: it stays until a newer one has completed"
    return (Blocker(kind=BlockerKind.LAST_GOOD, reason=reason),)


def expire_backup(
    backup: Backup, command: ExpireBackup, *, blockers: tuple[Blocker, ...], now: datetime
) -> BackupExpired | ExpiryHeld:
    """By the catalog's own `expires_at` and the business clock `now`; the evidence must be the same expiry."""
    if backup.state in ACTIVE:
        reason = f"this backup is {backup.state}: it never expires as such"
        raise RefusedError(RejectionCode.INVALID_STATE, reason, field="backup_id")
    if backup.expires_at is None or is_kept(now, backup.expires_at):
        until = "for ever" if backup.expires_at is None else f"until {backup.expires_at.isoformat()}"
        raise RefusedError(RejectionCode.INVALID_STATE, f"this backup is kept {until}", field="backup_id")
    if command.expires_at != backup.expires_at:
        reason = f"this backup's expiry is {backup.expires_at.isoformat()}: the evidence is about another one"
        raise RefusedError(RejectionCode.INVALID_STATE, reason, field="expires_at")
    told = {
        "backup_id": backup.backup_id,
        "environment_id": backup.environment_id,
        "expires_at": backup.expires_at,
        "sweep_id": command.sweep_id,
    }
    if blockers:
        return ExpiryHeld(**told, held_at=now, blockers=blockers)
    return BackupExpired(**told, expired_at=now)


def change_of_hold(
    backup: Backup, blockers: tuple[Blocker, ...], *, now: datetime
) -> tuple[ExpiryReleased | ExpiryHeld, ...]:
    """What is said of a held backup that nothing holds any more, or something else than before; nothing of others.

    The sweep that has asked for it asks for it no more until it is released, so what holds it by now is said here.
    """
    told = {"backup_id": backup.backup_id, "environment_id": backup.environment_id}
    if not backup.held or blockers == backup.held:
        return ()
    if not blockers:
        return (ExpiryReleased(**told, released_at=now),)
    if backup.held_in is None or backup.expires_at is None:
        return ()  # held since an earlier release, which did not keep the sweep
    held = {"expires_at": backup.expires_at, "sweep_id": backup.held_in, "held_at": now, "blockers": blockers}
    return (ExpiryHeld(**told, **held),)


def _pinned(reason: str | None) -> str:
    return f"it is pinned ({reason})" if reason else "it is pinned"
