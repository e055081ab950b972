"""An environment as a reader sees it."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from contracts.envelope import Event
from contracts.events import apps as events
from contracts.events import shredding
from contracts.events.retention import RepositoryChecked, SpaceReclaimed, SpaceUsed
from contracts.events.shredding import ShreddingRemains
from contracts.values import Finding
from services.catalog.domain.state.aggregate import changed
from services.catalog.domain.state.environment import Environment, evolve
from services.catalog.projection.views.backup import FailureView
from services.catalog.projection.views.folded import folded


class CheckView(BaseModel):
    """The newest look at an environment; `running` until its findings are there."""

    check_id: UUID
    state: Literal["running", "passed", "failed"] = "running"
    checked_at: AwareDatetime | None = None
    server_version: str | None = None
    findings: tuple[Finding, ...] = ()


class Reclaimed(BaseModel):
    """What the store has got back of an environment's deleted backups, since its beginning."""

    bytes: int = 0
    contents: int = 0
    objects: int = 0
    reclaimed_at: AwareDatetime | None = None


class StoredView(BaseModel):
    """What the newest check of the stored backups found."""

    checked_at: AwareDatetime
    read_percent: int
    backups: int
    damage_count: int
    space: SpaceUsed | None


class ShreddingView(BaseModel):
    """The newest shredding of its backups; `backup_count` were completed when it was asked for.

    `left` is what there was of it at its end.
    """

    shred_id: UUID
    state: Literal["running", "completed", "failed"] = "running"
    requested_at: AwareDatetime
    requested_by: str
    backup_count: int
    failed_count: int
    shredded_at: AwareDatetime | None = None
    keys_destroyed: int | None = None
    first_format_objects: int | None = None
    left: ShreddingRemains | None = None
    failure: FailureView | None = None


class EnvironmentView(Environment):
    """With the reader's names for `passed`, `needs_model_version` and `services`."""

    ever_passed: bool = False
    data_model_version: str | None = None
    app_services: tuple[str, ...] = ()
    check: CheckView
    reclaimed: Reclaimed = Reclaimed()
    stored: StoredView | None = None
    shredding: ShreddingView | None = None


def view(before: EnvironmentView | None, event: Event) -> EnvironmentView | None:
    """The environment after `event`."""
    state = evolve(before, event)
    if state is None:
        return None
    told = {
        "ever_passed": state.passed,
        "data_model_version": state.needs_model_version,
        "app_services": state.services,
        "check": _check(before, state, event),
        "reclaimed": _reclaimed(before.reclaimed if before else Reclaimed(), event),
        "stored": _stored(before.stored if before else None, event),
        "shredding": _shredding(before.shredding if before else None, event),
    }
    return folded(EnvironmentView, before, state, told)


def _shredding(before: ShreddingView | None, event: Event) -> ShreddingView | None:
    match event:
        case shredding.ShreddingRequested():
            return ShreddingView(**{name: getattr(event, name) for name in _ASKED})
        case shredding.BackupsShredded() if before is not None:
            return changed(before, state="completed", **{name: getattr(event, name) for name in _DONE})
        case shredding.ShreddingFailed() if before is not None:
            failure = FailureView.model_validate(event)
            return changed(before, state="failed", failure=failure)
        case _:
            return before


_ASKED = ("shred_id", "requested_at", "requested_by", "backup_count", "failed_count")
_DONE = ("shredded_at", "keys_destroyed", "first_format_objects", "left")


def _stored(before: StoredView | None, event: Event) -> StoredView | None:
    if not isinstance(event, RepositoryChecked):
        return before
    fields = StoredView.model_fields.keys() - {"space"}
    space = event.space or (before.space if before else None)
    return StoredView(**{name: getattr(event, name) for name in fields}, space=space)


def _reclaimed(before: Reclaimed, event: Event) -> Reclaimed:
    if not isinstance(event, SpaceReclaimed):
        return before
    return Reclaimed(
        bytes=before.bytes + event.bytes,
        contents=before.contents + event.contents,
        objects=before.objects + event.objects,
        reclaimed_at=event.reclaimed_at,
    )


def _check(before: EnvironmentView | None, state: Environment, event: Event) -> CheckView:
    if before is None or state.check_id != before.check.check_id:
        return CheckView(check_id=state.check_id)
    if isinstance(event, events.EnvironmentChecked) and event.check_id == before.check.check_id:
        return changed(
            before.check,
            state="passed" if event.passed else "failed",
            checked_at=event.checked_at,
            server_version=event.server_version,
            findings=event.findings,
        )
    return before.check
