"""A read about an environment sees what its caller has written there, or says that it does not (architecture §2.7)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from fastapi import Response

from services.gateway.domain.refusals import NotFoundError
from services.gateway.parts import Parts
from services.gateway.routes.headers import READ_LAG_HEADER

T = TypeVar("T")


async def settle(parts: Parts, environment_id: UUID, response: Response) -> None:
    """Wait a moment for the read model to reach the environment's newest accepted outcome; tell when it does not."""
    lag = await parts.tide.settle(environment_id)
    if lag is not None:
        response.headers[READ_LAG_HEADER] = str(lag)


async def key_of(parts: Parts, environment_id: UUID) -> str:
    """The Kafka key of commands about an environment. Raises as `found`."""
    return await found(parts, environment_id, lambda: parts.read_model.key_of_environment(environment_id))


async def found(parts: Parts, environment_id: UUID, look: Callable[[], Awaitable[T]]) -> T:
    """What `look` finds of an environment, also when what makes it was accepted a moment ago.

    Raises NotFoundError, and NotKnownYetError when the read model has not come so far in time.
    """
    try:
        return await look()
    except NotFoundError:
        if (lag := await parts.tide.settle(environment_id)) is not None:
            await parts.tide.must_reach(lag)
        return await look()
