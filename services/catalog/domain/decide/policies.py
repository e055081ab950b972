"""Decisions on policies: for new backups at once, for existing ones only as simulated and cooled off (retention §2)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.commands.policies import ApprovePolicyChange, ChangePolicy
from contracts.errors import RejectionCode
from contracts.events.policies import (
    PolicyApplicationRequested,
    PolicyChangeApplied,
    PolicyChangeApproved,
    PolicyChanged,
    PolicyChangeWithdrawn,
)
from contracts.events.retention import BackupExpiryChanged
from contracts.retention import RULE_VERSION, Policy, UnusablePolicyError, expires_at, meant, windows
from contracts.simulation import GOVERNED, Fate, Simulation, applies_at, fate
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.app import App
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.policy_change import OPEN, Application, PolicyChange


def change_policy(
    change: PolicyChange | None, place: App | Environment, command: ChangePolicy, *, still_open: UUID | None
) -> PolicyChanged:
    """`place` is the app, or the one environment, whose policy it is. The versions of its own policies count up.

    `still_open` is a change that waits to be applied to existing backups, of the same place or of backups that this one
    would change too: there is one at a time, so that each does what its simulation has shown.
    """
    if change is not None:
        reason = f"policy change {command.policy_change_id} exists"
        raise RefusedError(RejectionCode.ALREADY_EXISTS, reason, field="policy_change_id")
    if still_open is not None:
        reason = f"policy change {still_open} waits to be applied to existing backups: approve or withdraw it first"
        raise RefusedError(RejectionCode.INVALID_STATE, reason, field="policy_change_id")
    return PolicyChanged(
        policy_change_id=command.policy_change_id,
        app_id=place.app_id,
        environment_id=command.environment_id,
        policy=_meant(command.policy, place.policy_version),
    )


def request_application(
    changed: PolicyChanged, simulation: Simulation, environment_ids: Sequence[UUID]
) -> PolicyApplicationRequested:
    """What it does was simulated; where anything would go earlier, it cools off before it is applied."""
    return PolicyApplicationRequested(
        policy_change_id=changed.policy_change_id,
        app_id=changed.app_id,
        environment_id=changed.environment_id,
        policy=simulation.policy,
        requested_at=simulation.at,
        environment_ids=tuple(environment_ids),
        effect=simulation.effect,
        digest=simulation.digest,
        not_before=applies_at(simulation.effect, simulation.at),
    )


def approve(change: PolicyChange, command: ApprovePolicyChange, *, approved_by: str) -> PolicyChangeApproved:
    """By who has seen the simulation that `digest` names; also before the cooling-off is over."""
    if change.application is not Application.WAITING:
        raise _not_open(change, "nothing waits for approval")
    if change.digest != command.digest:
        reason = "this is not the digest of this change's simulation: look at what it does, then approve that"
        raise RefusedError(RejectionCode.INVALID_STATE, reason, field="digest")
    return PolicyChangeApproved(policy_change_id=change.policy_change_id, app_id=change.app_id, approved_by=approved_by)


def withdraw(change: PolicyChange, *, withdrawn_by: str) -> PolicyChangeWithdrawn:
    """Until it is applied; new backups follow the policy all the same. What was applied in part stays so."""
    if change.application not in OPEN:
        raise _not_open(change, "nothing is left to withdraw")
    return PolicyChangeWithdrawn(
        policy_change_id=change.policy_change_id, app_id=change.app_id, withdrawn_by=withdrawn_by
    )


def is_due(change: PolicyChange, *, now: datetime) -> bool:
    """Whether it is approved and has cooled off, by the business clock."""
    approved = change.application is Application.APPROVED
    return approved and change.not_before is not None and now >= change.not_before


def restamp(backup: Backup, change: PolicyChange, *, now: datetime) -> BackupExpiryChanged | None:
    """What an applied change does to a backup that there was when it was simulated; None when nothing."""
    policy = change.applied_policy
    if policy is None or change.requested_at is None or _in_list_since(backup) > change.requested_at:
        return None
    after = expires_at(backup.created_at, backup.tiers, policy, backup.kind)
    if backup.state not in GOVERNED or fate(backup.expires_at, after, now=now) is Fate.SAME:
        return None
    return BackupExpiryChanged(
        backup_id=backup.backup_id,
        environment_id=backup.environment_id,
        policy_change_id=change.policy_change_id,
        policy=policy.name,
        policy_version=policy.version,
        rule_version=RULE_VERSION,
        windows=windows(backup.created_at, backup.tiers, policy, backup.kind),
        expires_at=after,
    )


def _in_list_since(backup: Backup) -> datetime:
    """One whose entry was made again was in no simulation before that."""
    return backup.recovered_at or backup.created_at


def applied(change: PolicyChange) -> PolicyChangeApplied:
    """When nothing is left to restamp."""
    return PolicyChangeApplied(
        policy_change_id=change.policy_change_id, app_id=change.app_id, changed_count=change.changed_count
    )


def known(change: PolicyChange | None, policy_change_id: UUID) -> PolicyChange:
    """The change, when there is one. Raises RefusedError."""
    if change is None:
        reason = f"there is no policy change {policy_change_id}"
        raise RefusedError(RejectionCode.NOT_FOUND, reason, field="policy_change_id")
    return change


def _not_open(change: PolicyChange, so: str) -> RefusedError:
    where = {
        Application.NONE: "was made for new backups alone",
        Application.APPROVED: "is approved already",
        Application.WITHDRAWN: "was withdrawn",
        Application.APPLIED: "is applied",
    }
    reason = f"this change {where.get(change.application, change.application)}: {so}"
    return RefusedError(RejectionCode.INVALID_STATE, reason, field="policy_change_id")


def _meant(policy: str | Policy | None, newest_version: int) -> Policy | None:
    try:
        return None if policy is None else meant(policy, newest_version)
    except UnusablePolicyError as error:
        raise RefusedError(RejectionCode.INVALID_PARAMETERS, error.reason, field=error.field) from error
