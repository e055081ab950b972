"""Commands on environments."""

from collections.abc import Callable
from functools import partial
from typing import Any

from contracts.commands.apps import (
    CheckEnvironment,
    DeployPackage,
    PublishAppService,
    RegisterEnvironment,
    RemoveEnvironment,
    StartEnvironment,
    StopEnvironment,
    UnpublishAppService,
    UpdateEnvironment,
)
from contracts.envelope import Event
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import environments as rules
from services.catalog.domain.state.app import App
from services.catalog.domain.state.environment import Environment
from services.catalog.handlers.decided import Decided, Request

CHECK = "check"
HOOK = "hook"


async def register_environment(desk: Desk, command: RegisterEnvironment, request: Request) -> Decided:
    """Make an environment known; its check's id follows from the command's."""
    environment = await desk.find(Environment, command.environment_id)
    app = await desk.find(App, command.app_id)
    event = rules.register_environment(environment, app, command, check_id=request.derived_id(CHECK))
    return Decided("environment", command.environment_id, command.app_id, (event,))


async def update_environment(desk: Desk, command: UpdateEnvironment, request: Request) -> Decided:
    """Describe it anew."""
    environment = rules.known(await desk.find(Environment, command.environment_id), command.environment_id)
    app = await desk.find(App, environment.app_id)
    events = rules.update_environment(environment, app, command, check_id=request.derived_id(CHECK))
    return Decided("environment", command.environment_id, environment.app_id, events)


async def remove_environment(desk: Desk, command: RemoveEnvironment, _request: Request) -> Decided:
    """Forget it."""
    return await _on(desk, command, rules.remove_environment)


async def check_environment(desk: Desk, command: CheckEnvironment, _request: Request) -> Decided:
    """Have it looked at again."""
    return await _on(desk, command, rules.check_environment)


async def deploy_package(desk: Desk, command: DeployPackage, _request: Request) -> Decided:
    """Note the model version that it runs."""
    return await _on(desk, command, rules.deploy_package)


async def start_environment(desk: Desk, command: StartEnvironment, request: Request) -> Decided:
    """Note that the app runs, or have the platform asked; the call's id follows from the command's."""
    return await _on(desk, command, partial(rules.start_environment, call_id=request.derived_id(HOOK)))


async def stop_environment(desk: Desk, command: StopEnvironment, request: Request) -> Decided:
    """Note that the app is stopped, or have the platform asked."""
    return await _on(desk, command, partial(rules.stop_environment, call_id=request.derived_id(HOOK)))


async def publish_app_service(desk: Desk, command: PublishAppService, _request: Request) -> Decided:
    """Note a published service."""
    return await _on(desk, command, rules.publish_app_service)


async def unpublish_app_service(desk: Desk, command: UnpublishAppService, request: Request) -> Decided:
    """Note that a service is published no longer, or have the platform asked."""
    return await _on(desk, command, partial(rules.unpublish_app_service, call_id=request.derived_id(HOOK)))


async def _on(desk: Desk, command: Any, rule: Callable[[Environment | None, Any], Event]) -> Decided:  # noqa: ANN401 -- any of the commands above
    environment = await desk.find(Environment, command.environment_id)
    event = rule(environment, command)
    app_id = rules.known(environment, command.environment_id).app_id
    return Decided("environment", command.environment_id, app_id, (event,))
