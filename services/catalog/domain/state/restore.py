"""A restore, from its acceptance to the end of its grace."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime

from contracts import defaults
from contracts.envelope import Event
from contracts.events import restores as events
from contracts.states import RESTORE, RestoreState, move
from services.catalog.domain.state.aggregate import Aggregate, changed

GRACE: Final = timedelta(hours=defaults.UNDO_GRACE_HOURS)


class Restore(Aggregate):
    """`undo_until` is set by the switch; `grace_ended` says that what was replaced may be removed."""

    restore_id: UUID
    backup_id: UUID
    environment_id: UUID
    source_environment_id: UUID
    database_only: bool
    model_version: str | None
    state: RestoreState = RestoreState.QUEUED
    cancel_requested: bool = False
    undo_requested: bool = False
    undo_until: AwareDatetime | None = None
    grace_ended: bool = False


def evolve(restore: Restore | None, event: Event) -> Restore | None:
    """The restore after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    if isinstance(event, events.RestoreRequested):
        return Restore.model_validate({name: getattr(event, name) for name in _FROM_REQUEST})
    if restore is None:
        return None
    match event:
        case events.RestoreCancelRequested():
            return changed(restore, cancel_requested=True)
        case events.RestoreUndoRequested():
            return changed(restore, undo_requested=True)
        case events.RestoreUndoFailed():
            return changed(restore, undo_requested=False)
        case events.RestoreGraceEnded():
            return changed(restore, grace_ended=True)
        case _:
            return _on_work(restore, event)


_FROM_REQUEST: Final = (
    "app_id", "restore_id", "backup_id", "environment_id", "source_environment_id", "database_only", "model_version",
)  # fmt: skip


def _on_work(restore: Restore, event: Event) -> Restore:
    match event:
        case events.RestoreStarted() if restore.state is RestoreState.RUNNING:
            return restore  # another worker took over
        case events.RestoreStarted():
            return changed(restore, state=move(RESTORE, restore.state, RestoreState.RUNNING))
        case events.RestoreCompleted():
            state = move(RESTORE, restore.state, RestoreState.COMPLETED)
            return changed(restore, state=state, undo_until=event.switched_at + GRACE)
        case events.RestoreFailed():
            return changed(restore, state=move(RESTORE, restore.state, RestoreState.FAILED))
        case events.RestoreUndone():
            return changed(restore, state=move(RESTORE, restore.state, RestoreState.UNDONE), undo_requested=False)
        case _:
            return restore
