"""A restore and a preflight as a reader sees them."""

from typing import Any, Literal

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.events import restores as events
from contracts.events.restores import DatabaseRestored, FilesRestored, PreflightRequested
from contracts.states import WAITING, RestoreState
from contracts.values import Finding, StepTime, Warning  # noqa: A004 -- the product's word
from services.catalog.domain.state.aggregate import changed
from services.catalog.domain.state.restore import Restore, evolve
from services.catalog.projection.views.backup import FailureView
from services.catalog.projection.views.folded import folded

UndoState = Literal["none", "possible", "running", "failed", "done", "gone"]


class RestoreView(Restore):
    """`undo_state` says in one word whether it can be undone, is being, was, or no longer can."""

    requested_at: AwareDatetime
    requested_by: str
    status_message: str = ""
    updated_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    switched_at: AwareDatetime | None = None
    undo_state: UndoState = "none"
    database: DatabaseRestored | None = None
    files: FilesRestored | None = None
    sessions_ended: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()
    failure: FailureView | None = None


_COMPLETED = ("finished_at", "switched_at", "database", "files", "sessions_ended", "warnings", "steps")


def view(before: RestoreView | None, event: Event) -> RestoreView | None:
    """The restore after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    state = evolve(before, event)
    if state is None:
        return None
    failed = isinstance(event, events.RestoreUndoFailed)
    told = _details(event) | {"undo_state": "failed" if failed else _undo_state(state)}
    return folded(RestoreView, before, state, told)


def _undo_state(state: Restore) -> UndoState:
    if state.state is RestoreState.UNDONE:
        return "done"
    if state.state is not RestoreState.COMPLETED:
        return "none"
    if state.grace_ended:
        return "gone"
    return "running" if state.undo_requested else "possible"


def _details(event: Event) -> dict[str, Any]:
    match event:
        case events.RestoreRequested():
            told = {name: getattr(event, name) for name in ("requested_at", "requested_by", "warnings")}
            return told | {"updated_at": event.requested_at, "status_message": WAITING}
        case events.RestoreCancelRequested():
            return {"status_message": "Being cancelled"}
        case events.RestoreStarted():
            return {"updated_at": event.started_at, "started_at": event.started_at, "status_message": "Running"}
        case events.RestoreCompleted():
            told = {name: getattr(event, name) for name in _COMPLETED}
            return told | {"updated_at": event.finished_at, "status_message": "Completed"}
        case events.RestoreFailed() | events.RestoreUndoFailed():
            failure = FailureView.model_validate(event)
            told = {"updated_at": event.finished_at, "status_message": event.reason, "failure": failure}
            return told | ({"finished_at": event.finished_at} if isinstance(event, events.RestoreFailed) else {})
        case events.RestoreUndoRequested():
            return {"status_message": "Being undone"}
        case events.RestoreUndone():
            return {"updated_at": event.finished_at, "status_message": "Undone", "failure": None}
        case _:
            return {}


class PreflightView(PreflightRequested):
    """A look whether a restore would go well."""

    state: Literal["running", "passed", "failed"] = "running"
    checked_at: AwareDatetime | None = None
    findings: tuple[Finding, ...] = ()


def preflight_view(before: PreflightView | None, event: Event) -> PreflightView | None:
    """The preflight after `event`."""
    match event:
        case PreflightRequested():
            return PreflightView(**vars(event))
        case events.PreflightCompleted() if before is not None:
            told = {"checked_at": event.checked_at, "findings": event.findings, "facts": event.facts or before.facts}
            return changed(before, state="passed" if event.passed else "failed", **told)
        case _:
            return before
