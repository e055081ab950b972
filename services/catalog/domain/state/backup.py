"""A backup, from its acceptance to its end."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.events import backups as events
from contracts.events.backups import BackupKind, Tier
from contracts.states import BACKUP, BackupState, move
from services.catalog.domain.state.aggregate import Aggregate, changed


class Backup(Aggregate):
    """`cancel_requested` is set from the request until manifest or tombstone has decided."""

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
    cancel_requested: bool = False
    manifest_key: str | None = None
    manifest_hash: str | None = None


def evolve(backup: Backup | None, event: Event) -> Backup | None:
    """The backup after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    if isinstance(event, events.BackupRequested):
        return Backup.model_validate(event.model_dump(exclude={"calendar_offset"}))
    if backup is None:
        return None
    match event:
        case events.BackupCommented():
            return changed(backup, comment=event.comment)
        case events.BackupPinned():
            return changed(backup, pinned=True)
        case events.BackupUnpinned():
            return changed(backup, pinned=False)
        case events.BackupCancelRequested():
            return changed(backup, cancel_requested=True)
        case _:
            return _on_work(backup, event)


def _on_work(backup: Backup, event: Event) -> Backup:
    match event:
        case events.BackupStarted() if backup.state is BackupState.RUNNING:
            return backup  # another worker took over
        case events.BackupStarted():
            return changed(backup, state=move(BACKUP, backup.state, BackupState.RUNNING))
        case events.BackupCompleted():
            state = move(BACKUP, backup.state, BackupState.COMPLETED)
            return changed(backup, state=state, manifest_key=event.manifest_key, manifest_hash=event.manifest_hash)
        case events.BackupFailed():
            return changed(backup, state=move(BACKUP, backup.state, BackupState.FAILED))
        case _:
            return backup
