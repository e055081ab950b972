"""Waits for the end of somebody else's work of seconds: what a check or a preflight finds, what a receiver says."""

from uuid import UUID

from services.gateway.parts import Parts
from services.gateway.resources import Check, Environment, Preflight


async def environment_checked(parts: Parts, environment_id: UUID, seconds: float) -> Environment:
    """The environment once its newest check has ended, or as it is after `seconds`."""
    return await parts.goodbye.once(
        lambda: parts.read_model.environment(environment_id, gone=True), _is_checked, seconds
    )


async def platform_answered(parts: Parts, environment_id: UUID, seconds: float) -> Environment:
    """The environment once its platform is not being asked any more, or as it is after `seconds`."""
    return await parts.goodbye.once(
        lambda: parts.read_model.environment(environment_id, gone=True), lambda one: one.hook_call is None, seconds
    )


async def preflight_done(parts: Parts, preflight_id: UUID, seconds: float) -> Preflight:
    """The preflight once it has ended, or as it is after `seconds`."""
    return await parts.goodbye.once(
        lambda: parts.read_model.preflight(preflight_id), lambda one: one.state != "running", seconds
    )


def check_of(environment: Environment) -> Check:
    """The newest check; there is one from the registration on."""
    if environment.check is None:
        raise LookupError("an environment without a check")
    return environment.check


def _is_checked(environment: Environment) -> bool:
    return check_of(environment).state != "running"
