"""Commands on policies."""

from collections.abc import Sequence
from uuid import UUID

from contracts.actors import person
from contracts.commands.policies import ApprovePolicyChange, ChangePolicy, WithdrawPolicyChange
from contracts.events.policies import PolicyApplicationRequested, PolicyChanged
from contracts.retention import effective
from contracts.simulation import Subject, simulate
from services.catalog.adapters.across import governed_backups, open_policy_change
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import policies as rules
from services.catalog.domain.decide.apps import known as known_app
from services.catalog.domain.decide.environments import known as known_environment
from services.catalog.domain.state.app import App
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.policy_change import PolicyChange
from services.catalog.handlers.decided import Decided, Request


async def change_policy(desk: Desk, command: ChangePolicy, request: Request) -> Decided:
    """Give an app or an environment another policy; for existing backups, too, say what it would do."""
    place = await _place(desk, command)
    change = await desk.find(PolicyChange, command.policy_change_id)
    following = await _following(desk, place) if command.apply_to_existing else ()
    still_open = await open_policy_change(desk, place.app_id, command.environment_id, following)
    changed = rules.change_policy(change, place, command, still_open=still_open)
    asked = [await _application(desk, place, changed, following, request)] if command.apply_to_existing else []
    return Decided("policy_change", command.policy_change_id, place.app_id, (changed, *asked))


async def approve_policy_change(desk: Desk, command: ApprovePolicyChange, request: Request) -> Decided:
    """Apply it as simulated, as soon as it has cooled off."""
    change = rules.known(await desk.find(PolicyChange, command.policy_change_id), command.policy_change_id)
    event = rules.approve(change, command, approved_by=person(request.actor))
    return Decided("policy_change", command.policy_change_id, change.app_id, (event,))


async def withdraw_policy_change(desk: Desk, command: WithdrawPolicyChange, request: Request) -> Decided:
    """Leave existing backups as they are."""
    change = rules.known(await desk.find(PolicyChange, command.policy_change_id), command.policy_change_id)
    event = rules.withdraw(change, withdrawn_by=person(request.actor))
    return Decided("policy_change", command.policy_change_id, change.app_id, (event,))


async def _place(desk: Desk, command: ChangePolicy) -> App | Environment:
    if command.environment_id is not None:
        return known_environment(await desk.find(Environment, command.environment_id), command.environment_id)
    app_id = command.app_id
    assert app_id is not None  # noqa: S101 -- the command names one of both
    return known_app(await desk.find(App, app_id), app_id)


async def _application(
    desk: Desk, place: App | Environment, changed: PolicyChanged, following: Sequence[UUID], request: Request
) -> PolicyApplicationRequested:
    app = await desk.find(App, place.app_id)
    of_app = app.policy if app and isinstance(place, Environment) else None
    policy = effective(changed.policy, of_app)
    backups = await governed_backups(desk, following)
    subjects = [Subject.model_validate(dict(one)) for one in backups]
    return rules.request_application(changed, simulate(subjects, policy, now=request.now), following)


async def _following(desk: Desk, place: App | Environment) -> tuple[UUID, ...]:
    """The environment, or those of an app that have no policy of their own."""
    if isinstance(place, Environment):
        return (place.environment_id,)
    found = [await desk.find(Environment, one) for one in sorted(place.environments)]
    return tuple(one.environment_id for one in found if one is not None and one.policy is None)
