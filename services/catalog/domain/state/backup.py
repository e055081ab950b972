"""A backup, from its acceptance to its end."""

from datetime import date
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.events import backups as events
from contracts.events import retention
from contracts.events.backups import BackupKind, Tier
from contracts.events.retention import Blocker
from contracts.retention import failed_expires_at
from contracts.states import BACKUP, BackupState, move
from contracts.values import Lease
from services.catalog.domain.state.aggregate import Aggregate, changed


class Backup(Aggregate):
    """`cancel_requested` stays set, whatever manifest or tombstone then decided.

    `leases` are those that nobody has released; one whose time is over holds nothing, whether that was said or not.
    `held` is what holds it past its expiry, as it was last said, and `held_in` the sweep that had asked for it; empty
    unless its time is over. `recovered_at` is when its entry was made again. `erase` says that nothing of it is to stay
    in the store.
    """

    backup_id: UUID
    environment_id: UUID
    kind: BackupKind
    state: BackupState = BackupState.QUEUED
    created_at: AwareDatetime
    created_by: str
    comment: str
    model_version: str | None
    slot_date: date
    tiers: tuple[Tier, ...]
    expires_at: AwareDatetime | None
    policy: str
    policy_version: int
    pinned: bool = False
    pinned_reason: str | None = None
    cancel_requested: bool = False
    manifest_key: str | None = None
    manifest_hash: str | None = None
    stored_bytes: int | None = None
    leases: tuple[Lease, ...] = ()
    held: tuple[Blocker, ...] = ()
    held_in: UUID | None = None
    recovered_at: AwareDatetime | None = None
    erase: bool = False


_TOLD_ONLY: Final = {
    "calendar_offset",
    "rule_version",
    "windows",
    "slot",
    "fills_gap",
    "parcel",
    "read_all",
}
"""What the request says for readers and for the work; no decision needs it."""


def evolve(backup: Backup | None, event: Event) -> Backup | None:
    """The backup after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    if isinstance(event, events.BackupRequested):
        return Backup(**{name: value for name, value in vars(event).items() if name not in _TOLD_ONLY})
    if backup is None:
        return None
    match event:
        case events.BackupCommented():
            return changed(backup, comment=event.comment)
        case events.BackupPinned():
            return changed(backup, pinned=True, pinned_reason=event.reason)
        case events.BackupUnpinned():
            return changed(backup, pinned=False, pinned_reason=None)
        case events.BackupCancelRequested():
            return changed(backup, cancel_requested=True)
        case _:
            return _on_end(_on_hold(_on_work(backup, event), event), event)


def _on_work(backup: Backup, event: Event) -> Backup:
    match event:
        case events.BackupStarted() if backup.state is BackupState.RUNNING:
            return backup  # another worker took over
        case events.BackupStarted():
            return changed(backup, state=move(BACKUP, backup.state, BackupState.RUNNING))
        case events.BackupCompleted():
            return changed(
                backup,
                state=move(BACKUP, backup.state, BackupState.COMPLETED),
                manifest_key=event.manifest_key,
                manifest_hash=event.manifest_hash,
                stored_bytes=event.stored_bytes,
            )
        case events.BackupFailed():
            state = move(BACKUP, backup.state, BackupState.FAILED)
            return changed(backup, state=state, expires_at=failed_expires_at(backup.created_at))
        case _:
            return backup


def _on_hold(backup: Backup, event: Event) -> Backup:
    match event:
        case retention.ExpiryHeld():
            return changed(backup, held=event.blockers, held_in=event.sweep_id)
        case retention.ExpiryReleased():
            return changed(backup, held=())
        case retention.LeaseAcquired():
            others = (one for one in backup.leases if one.lease_id != event.lease.lease_id)
            return changed(backup, leases=(*others, event.lease))
        case retention.LeaseReleased():
            return changed(backup, leases=tuple(one for one in backup.leases if one.lease_id != event.lease_id))
        case _:
            return backup


def _on_end(backup: Backup, event: Event) -> Backup:
    match event:
        case retention.BackupExpiryChanged():
            policy = {"policy": event.policy, "policy_version": event.policy_version}
            return changed(backup, **policy, expires_at=event.expires_at, held=())
        case retention.BackupExpired():
            return changed(backup, state=move(BACKUP, backup.state, BackupState.EXPIRED), held=(), leases=())
        case retention.BackupDeletionRequested():
            state = move(BACKUP, backup.state, BackupState.DELETING)
            return changed(backup, state=state, held=(), leases=(), erase=event.erase)
        case retention.BackupErasureRequested():
            return changed(backup, erase=True)
        case retention.BackupDeleted():
            return changed(backup, state=move(BACKUP, backup.state, BackupState.DELETED))
        case _:
            return backup
