"""What happened to restores."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.errors import FailureCode
from contracts.facts import UNKNOWN, Facts
from contracts.values import Finding, StepTime, Value, Warning  # noqa: A004 -- the product's word


class RestoreRequested(Event):
    """A restore into `environment_id` was accepted; until its end nothing else may change that environment."""

    restore_id: UUID
    backup_id: UUID
    app_id: UUID
    environment_id: UUID
    source_environment_id: UUID
    database_only: bool
    requested_at: AwareDatetime
    requested_by: str
    model_version: str | None
    manifest_key: str
    manifest_hash: str
    warnings: tuple[Warning, ...]


class RestoreCancelRequested(Event):
    """Somebody wants a restore stopped; the committed switch decides."""

    restore_id: UUID
    environment_id: UUID


class RestoreUndoRequested(Event):
    """Somebody wants back what a restore replaced."""

    restore_id: UUID
    environment_id: UUID
    requested_by: str


class RestoreGraceEnded(Event):
    """A restore cannot be undone any more; what it replaced may be removed."""

    restore_id: UUID
    environment_id: UUID
    reason: str


class RestoreStarted(Event):
    """Work on a restore began (said by the restore service, as all that follow)."""

    restore_id: UUID
    environment_id: UUID
    started_at: AwareDatetime


class DatabaseRestored(Value):
    """What was loaded; `previous_database` is the name of what was replaced."""

    bytes: int
    tables: int
    previous_database: str


class FilesRestored(Value):
    """What became of the documents."""

    count: int
    bytes: int
    added_count: int
    replaced_count: int
    set_aside_count: int


class RestoreCompleted(Event):
    """The destination holds exactly the backup."""

    restore_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    switched_at: AwareDatetime
    database: DatabaseRestored
    files: FilesRestored | None
    sessions_ended: tuple[str, ...]
    warnings: tuple[Warning, ...]
    steps: tuple[StepTime, ...] = ()


class RestoreFailed(Event):
    """A restore ended with nothing changed in the destination."""

    restore_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    code: FailureCode
    reason: str
    retryable: bool


class RestoreUndone(Event):
    """The destination holds again what it held before the restore."""

    restore_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    warnings: tuple[Warning, ...]


class RestoreUndoFailed(Event):
    """An undo ended with nothing changed; it may be asked for again while the grace lasts."""

    restore_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    code: FailureCode
    reason: str
    retryable: bool


class PreviousStateRemoved(Event):
    """The database and documents that a restore replaced are gone."""

    restore_id: UUID
    environment_id: UUID
    removed_at: AwareDatetime
    database: str | None
    documents_count: int


class PreflightRequested(Event):
    """Somebody wants to know whether a restore would go well; `facts` are those that the catalog knows."""

    preflight_id: UUID
    backup_id: UUID
    app_id: UUID
    environment_id: UUID
    source_environment_id: UUID
    database_only: bool
    manifest_key: str
    manifest_hash: str
    warnings: tuple[Warning, ...]
    facts: Facts = UNKNOWN


class PreflightCancelRequested(Event):
    """Somebody wants a preflight stopped; whether it was is a finding of its PreflightCompleted."""

    preflight_id: UUID
    environment_id: UUID


class PreflightCompleted(Event):
    """What a preflight found; `passed` when no finding stands in the way.

    `facts` are all that it looked at, those of its request too; None where it did not come to look.
    """

    preflight_id: UUID
    environment_id: UUID
    checked_at: AwareDatetime
    passed: bool
    findings: tuple[Finding, ...]
    facts: Facts | None = None
