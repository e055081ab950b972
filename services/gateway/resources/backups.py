"""Backups as the HTTP API takes and shows them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import AwareDatetime

from contracts.events.backups import BackupKind, DatabaseStored, FilesStored, References, Tier, WindowEnd
from contracts.events.retention import Blocker
from contracts.states import BackupState
from contracts.values import (
    Comment,
    Lease,
    Name,
    StepTime,
    Warning,  # noqa: A004 -- the product's word
)
from services.gateway.resources.shapes import Asked, Resource


class NewBackup(Asked):
    """A backup to make. With `read_all`, documents are read again where size and times say that they are unchanged."""

    comment: Comment = ""
    read_all: bool = False


class CommentText(Asked):
    """The comment that replaces a backup's comment."""

    comment: Comment


class NewPin(Asked):
    """A hold past a backup's expiry, and why."""

    reason: Comment = ""


class NewLease(Asked):
    """Something works with a backup and must not lose it: who, and until when. With the same `lease_id` it extends."""

    holder: Name
    until: AwareDatetime
    lease_id: UUID | None = None


class Failure(Resource):
    """Why work failed, and whether trying again may help."""

    code: str
    reason: str
    retryable: bool


class Backup(Resource):
    """A backup, as the list and its details show it.

    `windows` are those of its policy that `expires_at` is the latest of; `held` is what keeps it although its time is
    over; `fills_gap` is the Sunday whose tiers a nightly got. `status_message` is one sentence for a person.
    `stored_bytes` is what it added to the store. `restore_point` is the instant of the exported snapshot;
    `pinned_reason` is null unless the backup is pinned.
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
    policy: str | None = None
    policy_version: int | None = None
    rule_version: int | None = None
    windows: tuple[WindowEnd, ...] = ()
    fills_gap: date | None = None
    held: tuple[Blocker, ...] = ()
    leases: tuple[Lease, ...] = ()
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


class BackupPreview(Resource):
    """What a backup would get that was asked for at `created_at`."""

    environment_id: UUID
    created_at: datetime
    slot_date: date
    calendar_offset: str
    tiers: tuple[Tier, ...]
    windows: tuple[WindowEnd, ...]
    expires_at: datetime | None
    policy: str
    policy_version: int
    rule_version: int


class BackupPage(Resource):
    """Backups, newest first; `next` stays right while backups are added."""

    backups: list[Backup]
    next: str | None = None
