"""Waits for the end of somebody else's work of seconds: what a check or a preflight finds, what a receiver says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID

from services.gateway.adapters.read_model import ReadModel
from services.gateway.resources import Check, Environment, Preflight

SOON_SECONDS: Final = 0.025
LOOK_SECONDS: Final = 0.2
"""Where it takes longer, nobody notices so much."""

T = TypeVar("T")


async def environment_checked(read_model: ReadModel, environment_id: UUID, seconds: float) -> Environment:
    """The environment once its newest check has ended, or as it is after `seconds`."""
    return await once(lambda: read_model.environment(environment_id, gone=True), _is_checked, seconds)


async def platform_answered(read_model: ReadModel, environment_id: UUID, seconds: float) -> Environment:
    """The environment once its platform is not being asked any more, or as it is after `seconds`."""
    return await once(
        lambda: read_model.environment(environment_id, gone=True), lambda one: one.hook_call is None, seconds
    )


async def preflight_done(read_model: ReadModel, preflight_id: UUID, seconds: float) -> Preflight:
    """The preflight once it has ended, or as it is after `seconds`."""
    return await once(lambda: read_model.preflight(preflight_id), lambda one: one.state != "running", seconds)


def check_of(environment: Environment) -> Check:
    """The newest check; there is one from the registration on."""
    if environment.check is None:
        raise LookupError("an environment without a check")
    return environment.check


def _is_checked(environment: Environment) -> bool:
    return check_of(environment).state != "running"


async def once(look: Callable[[], Awaitable[T]], ended: Callable[[T], bool], seconds: float) -> T:
    """What `look` sees once that has ended, or as it is after `seconds`."""
    until, pause_seconds = asyncio.get_running_loop().time() + seconds, SOON_SECONDS
    while True:
        seen = await look()
        if ended(seen) or asyncio.get_running_loop().time() >= until:
            return seen
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, LOOK_SECONDS)
