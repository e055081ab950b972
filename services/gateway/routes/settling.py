"""A read about an environment sees what its caller has written there, or says that it does not (architecture §2.7)."""

from uuid import UUID

from fastapi import Response

from services.gateway.domain.refusals import NotFoundError
from services.gateway.parts import Parts
from services.gateway.routes.headers import READ_LAG_HEADER


async def settle(parts: Parts, environment_id: UUID, response: Response) -> None:
    """Wait a moment for the read model to reach the environment's newest accepted outcome; tell when it does not."""
    lag = await parts.tide.settle(environment_id)
    if lag is not None:
        response.headers[READ_LAG_HEADER] = str(lag)


async def key_of(parts: Parts, environment_id: UUID) -> str:
    """The Kafka key of commands about an environment, also when it was registered a moment ago.

    Raises NotFoundError, and NotKnownYetError when the read model has not reached the registration in time.
    """
    try:
        return await parts.read_model.key_of_environment(environment_id)
    except NotFoundError:
        if (lag := await parts.tide.settle(environment_id)) is not None:
            await parts.tide.must_reach(lag)
        return await parts.read_model.key_of_environment(environment_id)
