"""Retention policies of apps and environments: which holds, what another would do, and giving it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from contracts.commands.policies import ApprovePolicyChange, ChangePolicy, WithdrawPolicyChange
from contracts.envelope import Command
from contracts.simulation import Simulation
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.resources import Approval, NewPolicy, PolicyChange, PolicyInForce, WantedPolicy
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may
from services.gateway.routes.headers import location
from services.gateway.routes.settling import key_of, settle

router = APIRouter(prefix="/api/v1", tags=["policies"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]


@router.get("/environments/{environment_id}/policy", dependencies=may(Scope.READ))
async def show_environment_policy(environment_id: UUID, parts: PartsOf, response: Response) -> PolicyInForce:
    """The policy that new backups of an environment follow, and who gave it: itself, its app or the default."""
    await settle(parts, environment_id, response)
    return await parts.policies.of_environment(environment_id)


@router.get("/apps/{app_id}/policy", dependencies=may(Scope.READ))
async def show_app_policy(app_id: UUID, parts: PartsOf) -> PolicyInForce:
    """The policy that those environments of an app follow that have none of their own."""
    return await parts.policies.of_app(app_id)


@router.put("/environments/{environment_id}/policy")
async def change_environment_policy(
    environment_id: UUID, asked: NewPolicy, parts: PartsOf, intent: Administering
) -> PolicyChange:
    """Give an environment a policy of its own, for new backups at once; null takes it back.

    With `apply_to_existing` its existing backups follow when the change was approved and its cooling-off is over.
    """
    key = await key_of(parts, environment_id)
    body = ChangePolicy(
        policy_change_id=intent.created_id("policy change"), environment_id=environment_id, **dict(asked)
    )
    return await _change(parts, intent, body, body.policy_change_id, key)


@router.put("/apps/{app_id}/policy")
async def change_app_policy(app_id: UUID, asked: NewPolicy, parts: PartsOf, intent: Administering) -> PolicyChange:
    """Give an app a policy, for new backups of all its environments that have none of their own."""
    body = ChangePolicy(policy_change_id=intent.created_id("policy change"), app_id=app_id, **dict(asked))
    return await _change(parts, intent, body, body.policy_change_id, str(app_id))


@router.post("/environments/{environment_id}/policy/simulations", dependencies=may(Scope.READ))
async def simulate_environment_policy(
    environment_id: UUID, asked: WantedPolicy, parts: PartsOf, response: Response
) -> Simulation:
    """What another policy would do to the backups of an environment, one by one, and what would go when.

    Nothing is changed. `digest` names the policy, whichever its version, and each expiry that it would move. It is that
    of a change that is asked for now, as long as no backup comes or goes; and that of one that waits to be approved,
    when its policy is simulated again, until the time of one of the backups that it moves is over. `calendar` is as if
    the change were asked for and approved now: what shortens anything cools off first, and until then backups go by
    their present expiry. Its days may have failed backups, too, which no policy moves.
    """
    await settle(parts, environment_id, response)
    return await parts.policies.simulated_for_environment(environment_id, asked.policy, parts.clock.now())


@router.post("/apps/{app_id}/policy/simulations", dependencies=may(Scope.READ))
async def simulate_app_policy(app_id: UUID, asked: WantedPolicy, parts: PartsOf) -> Simulation:
    """The same for the backups of all environments of an app that have no policy of their own."""
    return await parts.policies.simulated_for_app(app_id, asked.policy, parts.clock.now())


@router.get("/policy-changes/{policy_change_id}", dependencies=may(Scope.READ))
async def show_policy_change(policy_change_id: UUID, parts: PartsOf) -> PolicyChange:
    """One change: what it does to existing backups, and how far that is."""
    return await parts.policies.change(policy_change_id)


@router.post("/policy-changes/{policy_change_id}/approve", status_code=202)
async def approve_policy_change(
    policy_change_id: UUID, asked: Approval, parts: PartsOf, intent: Administering
) -> PolicyChange:
    """Apply a change to existing backups as simulated, once its cooling-off is over.

    What its `digest` stands for is told by a simulation of its policy at the same place, as long as that has the same
    `digest`: then these very backups are moved as it says. The change itself has only their numbers.
    """
    body = ApprovePolicyChange(policy_change_id=policy_change_id, digest=asked.digest)
    return await _change(parts, intent, body, policy_change_id, await _key(parts, policy_change_id))


@router.post("/policy-changes/{policy_change_id}/withdraw")
async def withdraw_policy_change(policy_change_id: UUID, parts: PartsOf, intent: Administering) -> PolicyChange:
    """Leave existing backups as they are; for new ones the policy stays."""
    body = WithdrawPolicyChange(policy_change_id=policy_change_id)
    return await _change(parts, intent, body, policy_change_id, await _key(parts, policy_change_id))


async def _key(parts: Parts, policy_change_id: UUID) -> str:
    return str((await parts.policies.change(policy_change_id)).app_id)


async def _change(parts: Parts, intent: Intent, body: Command, policy_change_id: UUID, key: str) -> PolicyChange:
    await parts.changes.make(intent, body, key, location=location("policy-changes", policy_change_id))
    return await parts.policies.change(policy_change_id)
