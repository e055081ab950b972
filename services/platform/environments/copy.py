"""The rows of the copy: one per environment, what the log said last about it."""

from typing import Final
from uuid import UUID

from contracts.values import CloudVersion, EnvironmentPlaces, Mode, Region, Value
from services.platform.database import Connection, Database, load_queries, migrate

PACKAGE: Final = "services.platform.environments"

queries = load_queries(PACKAGE)


class KnownEnvironment(Value):
    """Where an environment is and what it is called; passwords are references, resolved when they are used."""

    environment_id: UUID
    app_id: UUID
    name: str
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    places: EnvironmentPlaces

    @property
    def host(self) -> str:
        """`host:port` of its database, for the limit of jobs at once on one host."""
        return f"{self.places.database.host}:{self.places.database.port}"


async def migrate_environments(database: Database) -> None:
    """Make or upgrade the table in the service's own schema. Raises NewerSchemaError."""
    await migrate(database, PACKAGE, database.schema)


async def remember(c: Connection, environment: KnownEnvironment) -> None:
    """Keep what is known of an environment now, in place of what was known before."""
    await queries.remember(
        c,
        environment_id=environment.environment_id,
        app_id=environment.app_id,
        described=environment.model_dump(mode="json"),
    )


async def forget(c: Connection, environment_id: UUID) -> None:
    """Mark an environment as removed; how to reach it is kept for what was begun there."""
    await queries.forget(c, environment_id=environment_id)


async def find(c: Connection, environment_id: UUID, *, even_removed: bool = False) -> KnownEnvironment | None:
    """What the log said last about an environment; None: nothing yet, or that it was removed.

    `even_removed` is for tidying up in an environment that nobody may use any more (a restore's previous state).
    """
    row = await queries.find(c, environment_id=environment_id, even_removed=even_removed)
    return KnownEnvironment.model_validate(row["described"]) if row else None
