"""What every job of the restore service works with."""

from dataclasses import dataclass
from pathlib import Path

from services.platform.connectors.database import PostgresTools
from services.platform.connectors.database.space import FreeSpace, local_free_bytes
from services.platform.database import Database, load_queries
from services.platform.eventstore.store import EventStore
from services.platform.parcels import Parcels
from services.platform.process.clock import Clock
from services.platform.process.secrets import SecretDirectory
from services.platform.repository import Repository
from services.restore.adapters.hooks import Hooks

SERVICE = "restore"
queries = load_queries("services.restore")


@dataclass(frozen=True)
class Workplace:
    """Opened once, at the start; `scratch` is where a job may keep bounded files."""

    database: Database
    events: EventStore
    repository: Repository
    parcels: Parcels
    secrets: SecretDirectory
    hooks: Hooks
    tools: PostgresTools
    scratch: Path
    clock: Clock
    free_space: FreeSpace = local_free_bytes
