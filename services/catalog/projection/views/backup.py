"""A backup as a reader sees it: the list's line and its details (seed page §4)."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.envelope import Event
from contracts.events import backups as events
from contracts.events import retention
from contracts.events.backups import DatabaseStored, FilesStored, NightlySlot, References, WindowEnd
from contracts.states import WAITING
from contracts.values import StepTime, Warning  # noqa: A004 -- the product's word
from services.catalog.domain.state.backup import Backup, evolve
from services.catalog.projection.views.folded import folded


class FailureView(BaseModel):
    """Why work failed, and whether trying again may help; made of the event that says so."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    reason: str
    retryable: bool


class BackupView(Backup):
    """`updated_at` is when its state last moved; a new comment does not count (spec: backups-api-v2).

    `windows` are those that `expires_at` is the latest of; `fills_gap` the Sunday that a nightly made up for.
    """

    status_message: str = ""
    calendar_offset: str
    rule_version: int
    windows: tuple[WindowEnd, ...]
    slot: NightlySlot | None
    fills_gap: date | None
    updated_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    database: DatabaseStored | None = None
    files: FilesStored | None = None
    restore_point: AwareDatetime | None = None
    references: References | None = None
    dangling_count: int | None = None
    orphan_count: int | None = None
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()
    failure: FailureView | None = None


_REQUESTED = ("calendar_offset", "rule_version", "windows", "slot", "fills_gap")
_COMPLETED = (
    "finished_at", "database", "files", "restore_point", "references", "dangling_count", "orphan_count", "warnings",
    "steps",
)  # fmt: skip


def view(before: BackupView | None, event: Event) -> BackupView | None:
    """The backup after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    state = evolve(before, event)
    if state is None:
        return None
    return folded(BackupView, before, state, _details(event))


def _details(event: Event) -> dict[str, Any]:
    match event:
        case events.BackupRequested():
            told = {name: getattr(event, name) for name in _REQUESTED}
            waits = "Being recovered from its manifest" if event.recovered_at else WAITING
            return told | {"updated_at": event.created_at, "status_message": waits}
        case events.BackupCancelRequested():
            return {"status_message": "Being cancelled"}
        case events.BackupStarted():
            return {"updated_at": event.started_at, "started_at": event.started_at, "status_message": "Running"}
        case events.BackupCompleted():
            told = {name: getattr(event, name) for name in _COMPLETED}
            return told | {"updated_at": event.finished_at, "status_message": _completed(event)}
        case events.BackupFailed():
            return _failed(event)
        case _:
            return _on_retention(event)


def _on_retention(event: Event) -> dict[str, Any]:
    match event:
        case retention.BackupExpiryChanged():
            return {"rule_version": event.rule_version, "windows": event.windows}
        case retention.BackupExpired():
            return {"updated_at": event.expired_at, "status_message": "Expired"}
        case retention.BackupDeletionRequested(shred_id=UUID()):
            return {"updated_at": event.requested_at, "status_message": f"Shredding asked for by {event.requested_by}"}
        case retention.BackupDeletionRequested():
            return {"updated_at": event.requested_at, "status_message": f"Deleted by {event.requested_by}"}
        case retention.BackupDeleted(why="shredded"):
            return {"updated_at": event.deleted_at, "status_message": "Shredded"}
        case retention.BackupDeleted():
            return {"updated_at": event.deleted_at}
        case _:
            return {}


def _completed(event: events.BackupCompleted) -> str:
    count = sum(warning.count for warning in event.warnings)
    return "Completed" if not count else f"Completed with {count} warning{'s' if count > 1 else ''}"


def _failed(event: events.BackupFailed) -> dict[str, Any]:
    return {
        "finished_at": event.finished_at,
        "updated_at": event.finished_at,
        "status_message": event.reason,
        "windows": (),
        "failure": FailureView.model_validate(event),
    }
