"""Commands on policies."""

from contracts.commands.policies import ApprovePolicyChange, ChangePolicy, WithdrawPolicyChange
from contracts.errors import RejectionCode
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import policies as rules
from services.catalog.domain.decide.apps import known as known_app
from services.catalog.domain.decide.environments import known as known_environment
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.app import App
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.policy_change import PolicyChange
from services.catalog.handlers.decided import Decided, Request


async def change_policy(desk: Desk, command: ChangePolicy, _request: Request) -> Decided:
    """Give an app or an environment another policy."""
    place = await _place(desk, command)
    change = await desk.find(PolicyChange, command.policy_change_id)
    event = rules.change_policy(change, place, command)
    if command.apply_to_existing:
        raise RefusedError(RejectionCode.UNSUPPORTED, "not yet", field="apply_to_existing")
    return Decided("policy_change", command.policy_change_id, place.app_id, (event,))


async def approve_policy_change(desk: Desk, command: ApprovePolicyChange, _request: Request) -> Decided:
    """Apply it as simulated."""
    rules.known(await desk.find(PolicyChange, command.policy_change_id), command.policy_change_id)
    raise RefusedError(RejectionCode.UNSUPPORTED, "not yet")


async def withdraw_policy_change(desk: Desk, command: WithdrawPolicyChange, _request: Request) -> Decided:
    """Leave existing backups as they are."""
    rules.known(await desk.find(PolicyChange, command.policy_change_id), command.policy_change_id)
    raise RefusedError(RejectionCode.UNSUPPORTED, "not yet")


async def _place(desk: Desk, command: ChangePolicy) -> App | Environment:
    if command.environment_id is not None:
        return known_environment(await desk.find(Environment, command.environment_id), command.environment_id)
    app_id = command.app_id
    assert app_id is not None  # noqa: S101 -- the command names one of both
    return known_app(await desk.find(App, app_id), app_id)
