"""What the copy does when the log tells of environments; in the transaction that also moves the follower's position."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from contracts.envelope import Event, Message
from contracts.events.apps import EnvironmentRegistered, EnvironmentRemoved, EnvironmentUpdated
from contracts.values import EnvironmentPlaces
from services.platform.database import Connection
from services.platform.environments.copy import KnownEnvironment, forget, remember


async def on_environment_registered(c: Connection, message: Message[EnvironmentRegistered]) -> None:
    """Keep where the environment is."""
    await remember(c, _described(message.body))


async def on_environment_updated(c: Connection, message: Message[EnvironmentUpdated]) -> None:
    """Keep where it is now: an update describes it whole."""
    await remember(c, _described(message.body))


async def on_environment_removed(c: Connection, message: Message[EnvironmentRemoved]) -> None:
    """Nobody finds it any more."""
    await forget(c, message.body.environment_id)


def _described(event: EnvironmentRegistered | EnvironmentUpdated) -> KnownEnvironment:
    return KnownEnvironment(
        environment_id=event.environment_id,
        app_id=event.app_id,
        name=event.name,
        mode=event.mode,
        region=event.region,
        cloud_version=event.cloud_version,
        places=EnvironmentPlaces(database=event.database, files=event.files, documents_query=event.documents_query),
    )


REACTIONS: Final[Mapping[type[Event], Callable[[Connection, Message[Any]], Awaitable[None]]]] = {
    EnvironmentRegistered: on_environment_registered,
    EnvironmentUpdated: on_environment_updated,
    EnvironmentRemoved: on_environment_removed,
}
