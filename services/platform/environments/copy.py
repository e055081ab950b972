"""The copy: one row per environment, what the log said last about it."""

from collections.abc import Sequence
from typing import Any, Final, Self
from uuid import UUID

from contracts.envelope import Message
from contracts.events.apps import EnvironmentRegistered, EnvironmentRemoved, EnvironmentUpdated
from contracts.values import CloudVersion, EnvironmentPlaces, Hook, Mode, Region, Schedule, Value
from services.platform.database import Connection, Database, load_queries, migrate
from services.platform.messaging.follower import Reactions

PACKAGE: Final = "services.platform.environments"

queries = load_queries(PACKAGE)


class Environment(Value):
    """Where an environment is, what it is called and when its nights are; passwords are references, resolved when used.

    `schedule` is its own, None that of its region. (Copies of earlier releases have none until the next description.)
    """

    environment_id: UUID
    app_id: UUID
    name: str
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    schedule: Schedule | None = None
    hook: Hook | None = None
    places: EnvironmentPlaces

    @classmethod
    def of(cls, event: EnvironmentRegistered | EnvironmentUpdated) -> Self:
        """What an event describes, whole."""
        shared = {name: getattr(event, name) for name in cls.model_fields if name != "places"}
        places = {name: getattr(event, name) for name in EnvironmentPlaces.model_fields}
        return cls(**shared, places=EnvironmentPlaces(**places))

    @property
    def host(self) -> str:
        """`host:port` of its database, for the limit of jobs at once on one host."""
        return f"{self.places.database.host}:{self.places.database.port}"

    @property
    def key(self) -> str:
        """What events about it are keyed by."""
        return str(self.app_id)


class Environments:
    """The copy in the schema of the service that uses it."""

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Make or upgrade the table. Raises NewerSchemaError, DatabaseUnavailableError."""
        await migrate(database, PACKAGE, database.schema)
        return cls()

    def reactions(self) -> Reactions:
        """What to do when the log tells of environments; a service that does more calls these in its own."""
        return {
            EnvironmentRegistered: self.on_environment_described,
            EnvironmentUpdated: self.on_environment_described,
            EnvironmentRemoved: self.on_environment_removed,
        }

    async def on_environment_described(self, c: Connection, message: Message[Any]) -> None:
        """Keep what is known of an environment now, in place of what was known before."""
        environment = Environment.of(message.body)
        await queries.remember(
            c,
            environment_id=environment.environment_id,
            app_id=environment.app_id,
            described=environment.model_dump(mode="json"),
        )

    async def on_environment_removed(self, c: Connection, message: Message[EnvironmentRemoved]) -> None:
        """Nobody finds it any more; how to reach it is kept for what was begun there."""
        await queries.forget(c, environment_id=message.body.environment_id)

    async def find(self, c: Connection, environment_id: UUID, *, even_removed: bool = False) -> Environment | None:
        """See `find`."""
        return await find(c, environment_id, even_removed=even_removed)


async def find(c: Connection, environment_id: UUID, *, even_removed: bool = False) -> Environment | None:
    """What the log said last about an environment; None: nothing yet, or that it was removed.

    `even_removed` is for tidying up where nobody may do anything else any more (a restore's previous state).
    """
    row = await queries.find(c, environment_id=environment_id, even_removed=even_removed)
    return Environment.model_validate(row["described"]) if row else None


async def find_many(c: Connection, environment_ids: Sequence[UUID]) -> dict[UUID, Environment]:
    """The same of several at once; what is not known or was removed is not in it."""
    rows = queries.find_many(c, environment_ids=list(environment_ids))
    return {row["environment_id"]: Environment.model_validate(row["described"]) async for row in rows}
