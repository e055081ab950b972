"""Jobs as rows: put by a reaction in its own transaction, leased by workers, on PostgreSQL's clock."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.envelope import Cause
from services.platform.database import Connection, Database


@dataclass(frozen=True)
class NewJob:
    """A piece of work. `host` is "host:port" of the environment's database, `key` the Kafka key of its events."""

    job_id: UUID
    kind: str
    environment_id: UUID
    host: str
    payload: dict[str, Any]
    cause: Cause
    key: str


class JobQueue:
    """The jobs of one service, in its own schema."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, c: Connection, job: NewJob, *, held_by: str | None = None) -> None:
        """Add a job, once: the same id again changes nothing. Held, it waits for `release`."""
        raise NotImplementedError

    async def release(self, c: Connection, held_by: str) -> int:
        """Let everything go that waits for `held_by`; how many there were."""
        raise NotImplementedError

    async def cancel(self, c: Connection, job_id: UUID, by: str) -> bool:
        """Ask for a job's end. A worker then calls its kind's `failed` with JobCancelledError, soon, held or not.

        False when it cannot be cancelled any more: it has ended, refuses (`JobRun.refuse_cancel`) or is unknown.
        """
        raise NotImplementedError
