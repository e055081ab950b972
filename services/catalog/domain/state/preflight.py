"""A preflight, from its acceptance to its findings."""

from typing import Literal
from uuid import UUID

from contracts.envelope import Event
from contracts.events import restores as events
from services.catalog.domain.state.aggregate import Aggregate, changed


class Preflight(Aggregate):
    """A look whether a restore would go well; its findings change no decision but whether it can be cancelled."""

    preflight_id: UUID
    environment_id: UUID
    state: Literal["running", "passed", "failed"] = "running"
    cancel_requested: bool = False


def evolve(preflight: Preflight | None, event: Event) -> Preflight | None:
    """The preflight after `event`."""
    if isinstance(event, events.PreflightRequested):
        return Preflight(app_id=event.app_id, preflight_id=event.preflight_id, environment_id=event.environment_id)
    if preflight is None:
        return None
    match event:
        case events.PreflightCancelRequested():
            return changed(preflight, cancel_requested=True)
        case events.PreflightCompleted():
            return changed(preflight, state="passed" if event.passed else "failed")
        case _:
            return preflight
