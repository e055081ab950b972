"""What happens when all backups of an environment are made unreadable for good (contracts/FORMAT.md, "Shredding")."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.errors import FailureCode
from contracts.values import Value


class ShreddingRequested(Event):
    """A person had all backups of an environment shredded: its data keys are about to be destroyed.

    `backup_count` of them were completed, `failed_count` had failed; each has a BackupDeletionRequested of its own.
    """

    shred_id: UUID
    environment_id: UUID
    requested_at: AwareDatetime
    requested_by: str
    backup_count: int
    failed_count: int


class ShreddingRemains(Value):
    """What is left of it, unreadable: packs and their bytes, which are removed from `packs_until` on at the earliest.

    Tombstones stay until `tombstones_until`; what the log says stays for ever.
    """

    packs: int
    bytes: int
    packs_until: AwareDatetime
    tombstones: int
    tombstones_until: AwareDatetime


class BackupsShredded(Event):
    """Nothing opens an environment's backups any more (said by retention).

    `backup_count` are those that had not gone before, failed ones too. `first_format_objects` were not encrypted, and
    are removed.
    """

    shred_id: UUID
    environment_id: UUID
    shredded_at: AwareDatetime
    keys_destroyed: int
    backup_count: int
    first_format_objects: int
    left: ShreddingRemains


class ShreddingFailed(Event):
    """A shredding ended before its end (said by retention): its backups are deleted, but keys may be left.

    Asked for again, a new one does all of it.
    """

    shred_id: UUID
    environment_id: UUID
    failed_at: AwareDatetime
    code: FailureCode
    reason: str
    retryable: bool
