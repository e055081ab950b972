"""What happened to backups."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.envelope import Event
from contracts.errors import FailureCode
from contracts.values import Parcel, StepTime, Value, Warning  # noqa: A004 -- the product's word


class BackupKind(StrEnum):
    """Why a backup was made."""

    NIGHTLY = "nightly"
    ON_DEMAND = "on_demand"
    SAFETY = "safety"
    UPLOADED = "uploaded"


class Tier(StrEnum):
    """The retention windows a backup falls into."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class References(StrEnum):
    """Whether the app has told how its rows name documents."""

    PROVEN = "proven"
    UNPROVEN = "unproven"


class NightlySlot(Value):
    """Which expected nightly run a backup is for, and which try at it (from 1)."""

    slot_date: date
    calendar_offset: Annotated[str, StringConstraints(pattern=r"^[+-]\d\d:\d\d$")]
    due_at: AwareDatetime
    try_number: Annotated[int, Field(ge=1, le=100)] = 1


class WindowEnd(Value):
    """Until when one window of the policy keeps a backup; `window` names the tier, or `on_demand`."""

    window: str
    ends_at: AwareDatetime


class BackupRequested(Event):
    """A backup was accepted; its expiry is known from here on (spec: retention §2).

    `created_at` is the instant of acceptance; `slot_date` the calendar date that it counts for, in the region's fixed
    offset `calendar_offset` (like `+01:00`). `created_by` is a person's name or `Nightly`. `windows` are those that
    `expires_at` is the latest of. `slot` is the nightly run that it is for; `fills_gap` the Sunday whose tiers it got
    because that Sunday's slot had ended without a backup. `parcel` is what an uploaded one is made of.
    `recovered_at` is when its entry was made again, as its manifest in the bucket told it: then all else is as it was
    at the acceptance. `read_all` has every document read again.
    """

    backup_id: UUID
    environment_id: UUID
    app_id: UUID
    kind: BackupKind
    created_at: AwareDatetime
    created_by: str
    comment: str
    model_version: str | None
    slot_date: date
    calendar_offset: str
    tiers: tuple[Tier, ...]
    expires_at: AwareDatetime | None
    policy: str
    policy_version: int
    rule_version: int = 1
    windows: tuple[WindowEnd, ...] = ()
    slot: NightlySlot | None = None
    fills_gap: date | None = None
    parcel: Parcel | None = None
    recovered_at: AwareDatetime | None = None
    read_all: bool = False


class BackupCommented(Event):
    """A backup's comment was replaced."""

    backup_id: UUID
    environment_id: UUID
    comment: str


class BackupPinned(Event):
    """A user holds a backup past its expiry."""

    backup_id: UUID
    environment_id: UUID
    reason: str


class BackupUnpinned(Event):
    """A user's hold ended."""

    backup_id: UUID
    environment_id: UUID


class BackupCancelRequested(Event):
    """Somebody wants a backup stopped; manifest or tombstone decides."""

    backup_id: UUID
    environment_id: UUID


class BackupStarted(Event):
    """Work on a backup began (said by the snapshot service)."""

    backup_id: UUID
    environment_id: UUID
    started_at: AwareDatetime


class DatabaseStored(Value):
    """The database part of a backup; `bytes` as dumped, `stored_bytes` what this backup added to the store."""

    bytes: int
    stored_bytes: int
    tables: int
    server_version: str
    snapshot_held_seconds: float


class FilesStored(Value):
    """The documents of a backup; `new_…` is what was not in the environment's previous one."""

    count: int
    bytes: int
    new_count: int
    new_bytes: int


class BackupCompleted(Event):
    """A backup exists: its manifest is in the store. `restore_point` is the instant of the exported snapshot.

    `manifest_hash` is keyed. `stored_bytes` is what this backup added to the store, database and files together.
    """

    backup_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    database: DatabaseStored
    files: FilesStored
    stored_bytes: int
    restore_point: AwareDatetime
    references: References
    dangling_count: int
    orphan_count: int
    warnings: tuple[Warning, ...]
    manifest_key: str
    manifest_hash: str
    steps: tuple[StepTime, ...] = ()


class BackupFailed(Event):
    """A backup ended without a manifest; a tombstone keeps it so."""

    backup_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    code: FailureCode
    reason: str
    retryable: bool
