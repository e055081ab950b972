"""What the jobs of this service work with."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from contracts.envelope import Event
from contracts.streams import stream
from services.platform.connectors.database import DatabaseAccess, EnvironmentDatabase, PostgresTools
from services.platform.database import Connection, Database
from services.platform.environments import Environment
from services.platform.eventstore.store import EventStore
from services.platform.jobs.run import JobRun
from services.platform.parcels import Parcels
from services.platform.process.clock import Clock
from services.platform.process.secrets import SecretDirectory
from services.platform.process.settings import SourceSettings
from services.platform.repository import Repository

SERVICE = "snapshot"


@dataclass(frozen=True)
class Parts:
    """Made once, by `bootstrap`."""

    database: Database
    events: EventStore
    repository: Repository
    parcels: Parcels
    secrets: SecretDirectory
    tools: PostgresTools
    clock: Clock
    scratch_directory: Path
    reads: SourceSettings

    def environment_database(self, environment: Environment, run: JobRun) -> EnvironmentDatabase:
        """The environment's database; its tools end with the attempt. Raises what resolving a secret raises."""
        access = DatabaseAccess.of(environment.places.database, self.secrets)
        return EnvironmentDatabase(
            access,
            self.tools,
            children=run.children,
            lock_wait_seconds=self.reads.lock_wait_seconds,
            lock_tries=self.reads.lock_tries,
        )

    async def say(self, c: Connection, run: JobRun, entity: str, entity_id: UUID, body: Event) -> None:
        """Append an event to the entity's stream, in the transaction `c`."""
        name = stream(SERVICE, entity, entity_id)
        await self.events.append_next(c, name, [body], run.cause, run.key, now=self.clock.now())
