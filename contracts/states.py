"""The state machines as data; nothing moves outside them (spec: messages, "States")."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

WAITING: Final = "Waiting for its turn"
"""What users are told of work that is queued."""


class BackupState(StrEnum):
    """Where a backup is; users see the first four."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    DELETING = "deleting"
    DELETED = "deleted"


class RestoreState(StrEnum):
    """Where a restore is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    UNDONE = "undone"
    FAILED = "failed"


class UploadState(StrEnum):
    """Where an upload of data is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class ArchiveState(StrEnum):
    """Where a downloadable archive is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    EXPIRED = "expired"
    FAILED = "failed"


class SlotState(StrEnum):
    """How an expected nightly run ended."""

    PLANNED = "planned"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"


Machine = Mapping[StrEnum, frozenset[StrEnum]]


def _machine(moves: dict[StrEnum, set[StrEnum]]) -> Machine:
    return MappingProxyType({state: frozenset(after) for state, after in moves.items()})


BACKUP: Final = _machine({
    BackupState.QUEUED: {BackupState.RUNNING, BackupState.FAILED},
    BackupState.RUNNING: {BackupState.COMPLETED, BackupState.FAILED},
    BackupState.COMPLETED: {BackupState.EXPIRED, BackupState.DELETING},
    BackupState.FAILED: {BackupState.EXPIRED, BackupState.DELETING},
    BackupState.EXPIRED: {BackupState.DELETED},
    BackupState.DELETING: {BackupState.DELETED},
    BackupState.DELETED: set(),
})  # fmt: skip
RESTORE: Final = _machine({
    RestoreState.QUEUED: {RestoreState.RUNNING, RestoreState.FAILED},
    RestoreState.RUNNING: {RestoreState.COMPLETED, RestoreState.FAILED},
    RestoreState.COMPLETED: {RestoreState.UNDONE},
    RestoreState.UNDONE: set(),
    RestoreState.FAILED: set(),
})  # fmt: skip
UPLOAD: Final = _machine({
    UploadState.QUEUED: {UploadState.RUNNING, UploadState.FAILED},
    UploadState.RUNNING: {UploadState.COMPLETED, UploadState.FAILED},
    UploadState.COMPLETED: set(),
    UploadState.FAILED: set(),
})  # fmt: skip
ARCHIVE: Final = _machine({
    ArchiveState.QUEUED: {ArchiveState.RUNNING, ArchiveState.FAILED},
    ArchiveState.RUNNING: {ArchiveState.COMPLETED, ArchiveState.FAILED},
    ArchiveState.COMPLETED: {ArchiveState.EXPIRED},
    ArchiveState.EXPIRED: set(),
    ArchiveState.FAILED: set(),
})  # fmt: skip
SLOT: Final = _machine({
    SlotState.PLANNED: {SlotState.COMPLETED, SlotState.FAILED, SlotState.SKIPPED, SlotState.MISSED},
    SlotState.COMPLETED: set(),
    SlotState.FAILED: set(),
    SlotState.SKIPPED: set(),
    SlotState.MISSED: set(),
})  # fmt: skip

MACHINES: Final[Mapping[str, Machine]] = MappingProxyType(
    {"backup": BACKUP, "restore": RESTORE, "upload": UPLOAD, "archive": ARCHIVE, "slot": SLOT}
)


class ForbiddenMoveError(ValueError):
    """A state was to change in a way that its machine does not know: a defect, never worth a retry."""


def move(machine: Machine, before: StrEnum, after: StrEnum) -> StrEnum:
    """`after`, when the machine allows it from `before`.

    Raises ForbiddenMoveError otherwise.
    """
    if after not in machine[before]:
        raise ForbiddenMoveError(f"{type(before).__name__}: {before} cannot become {after}")
    return after
