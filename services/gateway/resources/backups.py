"""Backups as the HTTP API takes and shows them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from contracts.events.backups import BackupKind, DatabaseStored, FilesStored, References, Tier
from contracts.states import BackupState
from contracts.values import (
    Comment,
    StepTime,
    Warning,  # noqa: A004 -- the product's word
)
from services.gateway.resources.shapes import Asked


class NewBackup(Asked):
    """A backup to make."""

    comment: Comment = ""


class CommentText(Asked):
    """The comment that replaces a backup's comment."""

    comment: Comment


class NewPin(Asked):
    """A hold past a backup's expiry, and why."""

    reason: Comment = ""


class Failure(BaseModel):
    """Why work failed, and whether trying again may help."""

    code: str
    reason: str
    retryable: bool


class Backup(BaseModel):
    """A backup, as the list and its details show it.

    `status_message` is one sentence for a person. `stored_bytes` is what it added to the store. `restore_point` is the
    instant of the exported snapshot; `pinned_reason` is null unless the backup is pinned.
    """

    backup_id: UUID
    environment_id: UUID
    app_id: UUID
    kind: BackupKind
    state: BackupState
    status_message: str = ""
    created_at: datetime
    created_by: str
    comment: str = ""
    model_version: str | None = None
    slot_date: date
    tiers: tuple[Tier, ...] = ()
    expires_at: datetime | None = None
    pinned: bool = False
    pinned_reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    database: DatabaseStored | None = None
    files: FilesStored | None = None
    stored_bytes: int | None = None
    restore_point: datetime | None = None
    references: References | None = None
    dangling_count: int | None = None
    orphan_count: int | None = None
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()
    manifest_key: str | None = None
    manifest_hash: str | None = None
    failure: Failure | None = None


class BackupPage(BaseModel):
    """Backups, newest first; `next` stays right while backups are added."""

    backups: list[Backup]
    next: str | None = None
