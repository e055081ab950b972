"""A preflight: that it was asked for, so that its id is never used twice."""

from uuid import UUID

from contracts.envelope import Event
from contracts.events.restores import PreflightRequested
from services.catalog.domain.state.aggregate import Aggregate


class Preflight(Aggregate):
    """A look whether a restore would go well; its findings change no decision."""

    preflight_id: UUID
    environment_id: UUID


def evolve(preflight: Preflight | None, event: Event) -> Preflight | None:
    """The preflight after `event`."""
    if isinstance(event, PreflightRequested):
        return Preflight(app_id=event.app_id, preflight_id=event.preflight_id, environment_id=event.environment_id)
    return preflight
