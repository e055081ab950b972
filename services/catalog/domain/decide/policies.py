"""Decisions on policies: a change holds for new backups at once (spec: retention §2)."""

from uuid import UUID

from contracts.commands.policies import ChangePolicy
from contracts.errors import RejectionCode
from contracts.events.policies import PolicyChanged
from contracts.retention import PRESETS, Policy
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.app import App
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.policy_change import PolicyChange


def change_policy(change: PolicyChange | None, place: App | Environment, command: ChangePolicy) -> PolicyChanged:
    """`place` is the app, or the one environment, whose policy it is. Its own policies' versions count up."""
    if change is not None:
        reason = f"policy change {command.policy_change_id} exists"
        raise RefusedError(RejectionCode.ALREADY_EXISTS, reason, field="policy_change_id")
    return PolicyChanged(
        policy_change_id=command.policy_change_id,
        app_id=place.app_id,
        environment_id=command.environment_id,
        policy=_meant(command.policy, place.policy_version),
    )


def known(change: PolicyChange | None, policy_change_id: UUID) -> PolicyChange:
    """The change, when there is one. Raises RefusedError."""
    if change is None:
        reason = f"there is no policy change {policy_change_id}"
        raise RefusedError(RejectionCode.NOT_FOUND, reason, field="policy_change_id")
    return change


def _meant(policy: str | Policy | None, newest_version: int) -> Policy | None:
    if policy is None:
        return None
    if isinstance(policy, Policy):
        if policy.name in PRESETS:
            reason = f"{policy.name!r} is a preset: name it alone, or give your own policy another name"
            raise RefusedError(RejectionCode.INVALID_PARAMETERS, reason, field="policy.name")
        return policy.model_copy(update={"version": newest_version + 1})
    if policy not in PRESETS:
        reason = f"there is no preset {policy!r}: name one of {', '.join(PRESETS)}, or describe a policy of your own"
        raise RefusedError(RejectionCode.INVALID_PARAMETERS, reason, field="policy")
    return PRESETS[policy]
