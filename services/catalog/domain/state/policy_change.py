"""A change of policy, and its application to the backups that there were already."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.events import policies as events
from contracts.events.retention import BackupExpiryChanged
from contracts.retention import Policy
from services.catalog.domain.state.aggregate import Aggregate, changed


class Application(StrEnum):
    """Where the application to existing backups is; `none`: it was not asked for."""

    NONE = "none"
    WAITING = "waiting"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    APPLIED = "applied"


class PolicyChange(Aggregate):
    """`environment_ids` are those whose backups were simulated, as they were at `requested_at`.

    `digest` names what the simulation showed; `not_before` is the end of the cooling-off, by the business clock.
    """

    policy_change_id: UUID
    environment_id: UUID | None
    policy: Policy | None
    application: Application = Application.NONE
    requested_at: AwareDatetime | None = None
    environment_ids: tuple[UUID, ...] = ()
    digest: str | None = None
    not_before: AwareDatetime | None = None
    changed_count: int = 0


def evolve(change: PolicyChange | None, event: Event) -> PolicyChange | None:
    """The change after `event`."""
    if isinstance(event, events.PolicyChanged):
        return PolicyChange.model_validate(event.model_dump())
    if change is None:
        return None
    match event:
        case events.PolicyApplicationRequested():
            told = {name: getattr(event, name) for name in ("requested_at", "environment_ids", "digest", "not_before")}
            return changed(change, application=Application.WAITING, **told)
        case events.PolicyChangeApproved():
            return changed(change, application=Application.APPROVED)
        case events.PolicyChangeWithdrawn():
            return changed(change, application=Application.WITHDRAWN)
        case BackupExpiryChanged():
            return changed(change, changed_count=change.changed_count + 1)
        case events.PolicyChangeApplied():
            return changed(change, application=Application.APPLIED)
        case _:
            return change
