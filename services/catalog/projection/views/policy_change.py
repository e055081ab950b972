"""A change of policy as a reader sees it: who wanted it, what it does to existing backups, and where that is."""

from typing import Any

from pydantic import AwareDatetime

from contracts.actors import person
from contracts.envelope import Message
from contracts.events import policies as events
from contracts.events.policies import PolicyEffect
from services.catalog.domain.state.policy_change import PolicyChange, evolve
from services.catalog.projection.views.folded import folded


class PolicyChangeView(PolicyChange):
    """`effect` is that of the application to existing backups, as it was simulated at `requested_at`."""

    changed_at: AwareDatetime
    changed_by: str
    effect: PolicyEffect | None = None
    approved_by: str | None = None
    withdrawn_by: str | None = None
    applied_at: AwareDatetime | None = None


def view(before: PolicyChangeView | None, message: Message[Any]) -> PolicyChangeView | None:
    """The change after an event."""
    state = evolve(before, message.body)
    if state is None:
        return None
    return folded(PolicyChangeView, before, state, _details(message))


def _details(message: Message[Any]) -> dict[str, Any]:
    match message.body:
        case events.PolicyChanged():
            return {"changed_at": message.envelope.time, "changed_by": person(message.envelope.actor)}
        case events.PolicyApplicationRequested():
            return {"effect": message.body.effect}
        case events.PolicyChangeApproved():
            return {"approved_by": message.body.approved_by}
        case events.PolicyChangeWithdrawn():
            return {"withdrawn_by": message.body.withdrawn_by}
        case events.PolicyChangeApplied():
            return {"applied_at": message.envelope.time}
        case _:
            return {}
