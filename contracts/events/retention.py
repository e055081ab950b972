"""How backups go: expiry, what holds it, deletion, the bytes, and sweeps (spec: retention §2)."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.events.backups import WindowEnd
from contracts.values import Lease, Value


class BlockerKind(StrEnum):
    """What keeps a backup from going."""

    PIN = "pin"
    LAST_GOOD = "last_good"
    RESTORE = "restore"
    UPLOAD = "upload"
    LEASE = "lease"


class Blocker(Value):
    """One thing that holds a backup: in words, by id where it has one, and until when where that is known."""

    kind: BlockerKind
    reason: str
    holder_id: UUID | None = None
    until: AwareDatetime | None = None


class BackupExpired(Event):
    """A backup's time is over and nothing holds it: it can be neither restored nor pinned any more."""

    backup_id: UUID
    environment_id: UUID
    expired_at: AwareDatetime
    expires_at: AwareDatetime
    sweep_id: UUID


class ExpiryHeld(Event):
    """A backup's time is over, but something holds it: the sweep's answer, and said again when something else does.

    `sweep_id` is then still the sweep that asked. It is asked for again only after ExpiryReleased.
    """

    backup_id: UUID
    environment_id: UUID
    held_at: AwareDatetime
    expires_at: AwareDatetime
    sweep_id: UUID
    blockers: tuple[Blocker, ...]


class ExpiryReleased(Event):
    """What held a backup past its expiry holds it no more: it may be asked for again."""

    backup_id: UUID
    environment_id: UUID
    released_at: AwareDatetime


class BackupExpiryChanged(Event):
    """A changed policy was applied to a backup that there was already; `windows` are those of its tiers now."""

    backup_id: UUID
    environment_id: UUID
    policy_change_id: UUID
    policy: str
    policy_version: int
    rule_version: int
    windows: tuple[WindowEnd, ...]
    expires_at: AwareDatetime | None


class BackupDeletionRequested(Event):
    """A person deleted a backup; `was_last_good` after they were told so.

    With a `shred_id` it goes with all others of its environment, and nothing opens it any more. With `erase` it goes at
    once, and what is stored against it is rewritten, so that nothing of it stays in the store.
    """

    backup_id: UUID
    environment_id: UUID
    requested_at: AwareDatetime
    requested_by: str
    was_last_good: bool
    shred_id: UUID | None = None
    erase: bool = False


class BackupErasureRequested(Event):
    """A person wants nothing to stay in the store of a backup that has been let go already; from here on no grace."""

    backup_id: UUID
    environment_id: UUID
    requested_at: AwareDatetime
    requested_by: str


class SharedContent(Value):
    """The backups that refer to content of a deleted one, for which it stays: how many, and the newest few."""

    count: int
    newest: tuple[UUID, ...]


class BackupDeleted(Event):
    """A backup's manifest is gone (said by retention): its content goes as soon as nothing else refers to it.

    `shared_with` is None where nobody could tell, and where it was shredded: then its content cannot be read.
    """

    backup_id: UUID
    environment_id: UUID
    deleted_at: AwareDatetime
    why: Literal["expired", "deleted", "shredded"]
    shared_with: SharedContent | None = None


class BackupErased(Event):
    """An erasure is whole (said by retention): the store holds nothing any more that was this backup's alone.

    `mark_id` is the reclaim that removed the last of it.
    """

    backup_id: UUID
    environment_id: UUID
    erased_at: AwareDatetime
    mark_id: UUID


class SpaceReclaimed(Event):
    """Content that nothing referred to any more is gone from the store (said by retention).

    `erased` are backups that were to be erased: from now on the store holds nothing that was theirs alone. BackupErased
    says so of each.
    """

    environment_id: UUID
    mark_id: UUID
    reclaimed_at: AwareDatetime
    bytes: int
    contents: int
    objects: int
    erased: tuple[UUID, ...] = ()


class FoundDamage(Value):
    """Something that a backup needs and cannot have; `place` names a document, or a stretch of the dump with tables."""

    backup_id: UUID | None
    place: str
    reason: str


class SpaceUsed(Value):
    """Bytes of an environment's backups: restored together, in the store, needed by several of them, needed by none."""

    logical_bytes: int
    stored_bytes: int
    shared_bytes: int
    reclaimable_bytes: int


class RepositoryChecked(Event):
    """An environment's stored backups were looked at (said by retention).

    `read_percent` of the packs were read byte by byte, which ones follows from `seed`. Of many damages the first are
    named. `space` is None where a manifest or list could not be read.
    """

    check_id: UUID
    environment_id: UUID
    checked_at: AwareDatetime
    read_percent: int
    seed: int
    backups: int
    packs: int
    bytes_read: int
    damage_count: int
    damages: tuple[FoundDamage, ...]
    space: SpaceUsed | None


class SweepStopped(Event):
    """A sweep would have removed too much at once and asks (said by retention); `examples` are the first to go.

    `due_count` would really go; `held_count` more are over, and stay pinned or as the last good one.
    """

    sweep_id: UUID
    environment_id: UUID
    stopped_at: AwareDatetime
    due_count: int
    backup_count: int
    cap_count: int
    cap_share: float
    examples: tuple[UUID, ...]
    held_count: int = 0


class SweepApproved(Event):
    """A person wants a stopped sweep to go on."""

    sweep_id: UUID
    environment_id: UUID
    approved_by: str


class SweepResumed(Event):
    """A sweep that had stopped asks nobody any more: what is due has fallen below its cap (said by retention)."""

    sweep_id: UUID
    environment_id: UUID
    resumed_at: AwareDatetime


class LeaseAcquired(Event):
    """Something works with a backup and must not lose it; the same `lease_id` again extends it."""

    backup_id: UUID
    environment_id: UUID
    lease: Lease


class LeaseReleased(Event):
    """Work with a backup is over."""

    backup_id: UUID
    environment_id: UUID
    lease_id: UUID
