"""An environment as a reader sees it."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from contracts.envelope import Event
from contracts.events import apps as events
from contracts.events.retention import RepositoryChecked, SpaceReclaimed, SpaceUsed
from contracts.values import Finding
from services.catalog.domain.state.aggregate import changed
from services.catalog.domain.state.environment import Environment, evolve


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


class EnvironmentView(Environment):
    """`ever_passed` and `data_model_version` are the reader's names for `passed` and `needs_model_version`."""

    ever_passed: bool = False
    data_model_version: str | None = None
    check: CheckView
    reclaimed: Reclaimed = Reclaimed()
    stored: StoredView | None = None


def view(before: EnvironmentView | None, event: Event) -> EnvironmentView | None:
    """The environment after `event`."""
    state = evolve(before, event)
    if state is None:
        return None
    check = _check(before, state, event)
    fields = {name: getattr(state, name) for name in Environment.model_fields}
    return EnvironmentView(
        **fields,
        ever_passed=state.passed,
        data_model_version=state.needs_model_version,
        check=check,
        reclaimed=_reclaimed(before.reclaimed if before else Reclaimed(), event),
        stored=_stored(before.stored if before else None, event),
    )


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
