"""A change of policy, and its application to the backups that there were already."""

from enum import StrEnum
from typing import Final
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


OPEN: Final = frozenset({Application.WAITING, Application.APPROVED})
"""Not applied yet, and not withdrawn."""


class PolicyChange(Aggregate):
    """`environment_ids` are those whose backups were simulated under `applied_policy`, as they were at `requested_at`.

    `digest` names what the simulation showed; `not_before` is the end of the cooling-off, by the business clock.
    The application goes through the environments in this order; `reached` is the one of the newest changed backup.
    """

    policy_change_id: UUID
    environment_id: UUID | None
    policy: Policy | None
    application: Application = Application.NONE
    applied_policy: Policy | None = None
    requested_at: AwareDatetime | None = None
    environment_ids: tuple[UUID, ...] = ()
    digest: str | None = None
    not_before: AwareDatetime | None = None
    changed_count: int = 0
    reached: UUID | None = None

    @property
    def left(self) -> tuple[UUID, ...]:
        """The environments that the application has not gone through yet."""
        return self.environment_ids[self.environment_ids.index(self.reached) if self.reached else 0 :]


def evolve(change: PolicyChange | None, event: Event) -> PolicyChange | None:
    """The change after `event`."""
    if isinstance(event, events.PolicyChanged):
        return PolicyChange(**vars(event))
    if change is None:
        return None
    match event:
        case events.PolicyApplicationRequested():
            told = {name: getattr(event, name) for name in ("requested_at", "environment_ids", "digest", "not_before")}
            return changed(change, application=Application.WAITING, applied_policy=event.policy, **told)
        case events.PolicyChangeApproved():
            return changed(change, application=Application.APPROVED)
        case events.PolicyChangeWithdrawn():
            return changed(change, application=Application.WITHDRAWN)
        case BackupExpiryChanged():
            return changed(change, changed_count=change.changed_count + 1, reached=event.environment_id)
        case events.PolicyChangeApplied():
            return changed(change, application=Application.APPLIED)
        case _:
            return change
