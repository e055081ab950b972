"""What happened to retention policies (spec: retention §2)."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.retention import Policy
from contracts.values import Value


class PolicyChanged(Event):
    """New backups of an app, or of one environment (then `environment_id` says which), follow this policy."""

    policy_change_id: UUID
    app_id: UUID
    environment_id: UUID | None
    policy: Policy | None


class PolicyEffect(Value):
    """What applying a policy to existing backups does: how many stay as they are, live longer, go earlier, go at once.

    `freed_bytes` is what those that go at once had added to the store: an upper bound, since content is shared.
    """

    same_count: int
    longer_count: int
    shorter_count: int
    lost_count: int
    freed_bytes: int


class PolicyApplicationRequested(Event):
    """A policy is to be applied to the backups that there were at `requested_at` in `environment_ids`.

    `policy` is the one that holds there since the change (the app's or `classic`, where an own one was taken back).
    Not before `not_before`, and only when approved by `digest`, which names exactly what was simulated.
    """

    policy_change_id: UUID
    app_id: UUID
    environment_id: UUID | None
    policy: Policy
    requested_at: AwareDatetime
    environment_ids: tuple[UUID, ...]
    effect: PolicyEffect
    digest: str
    not_before: AwareDatetime


class PolicyChangeApproved(Event):
    """Somebody has seen what it does: it is applied when its cooling-off is over."""

    policy_change_id: UUID
    app_id: UUID
    approved_by: str


class PolicyChangeWithdrawn(Event):
    """Existing backups stay as they are."""

    policy_change_id: UUID
    app_id: UUID
    withdrawn_by: str


class PolicyChangeApplied(Event):
    """Existing backups have their new expiry, each told by BackupExpiryChanged."""

    policy_change_id: UUID
    app_id: UUID
    changed_count: int
