"""Jobs as rows: put by a reaction in its own transaction, leased by workers, on PostgreSQL's clock."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from contracts.envelope import Cause
from services.platform.database import Connection, Database, load_queries, migrate

queries = load_queries("services.platform.jobs")


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
        self.database = database
        self.channel = f"jobs_{database.schema}"

    @classmethod
    async def open(cls, database: Database) -> Self:
        """The queue in the schema of `database`, migrated."""
        await migrate(database, "services.platform.jobs", database.schema)
        return cls(database)

    async def put(self, c: Connection, job: NewJob, *, held_by: str | None = None) -> None:
        """Add a job, once: the same id again changes nothing. Held, it waits for `release`, and wakes nobody."""
        await queries.put(
            c,
            job_id=job.job_id,
            kind=job.kind,
            environment_id=job.environment_id,
            host=job.host,
            key=job.key,
            payload=job.payload,
            cause=job.cause,
            held_by=held_by,
        )
        if held_by is None:
            await self.wake(c)

    async def release(self, c: Connection, held_by: str, *, after_seconds: float = 0) -> int:
        """Let everything go that has waited for `held_by`, and for so long; how many there were."""
        released: int = await queries.release(c, held_by=held_by, after_seconds=after_seconds)
        if released:
            await self.wake(c)
        return released

    async def cancel(self, c: Connection, job_id: UUID, by: str) -> bool:
        """Ask for a job's end. A worker then calls its kind's `failed` with JobCancelledError, soon, held or not.

        False when it cannot be cancelled any more: it has ended, refuses (`JobRun.refuse_cancel`) or is unknown.
        """
        asked: bool | None = await queries.cancel(c, job_id=job_id, by=by)
        await self.wake(c)
        return bool(asked)

    async def cancel_all(self, c: Connection, kind: str, environment_id: UUID, by: str) -> None:
        """The same for each job of this kind that an environment has."""
        await queries.cancel_all(c, kind=kind, environment_id=environment_id, by=by)
        await self.wake(c)

    async def wake(self, c: Connection) -> None:
        """Make the workers look when the transaction commits."""
        await queries.wake(c, channel=self.channel)
