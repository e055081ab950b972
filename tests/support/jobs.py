"""Jobs under test: a queue on a real database, workers that come and go, a kind whose work a test writes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from services.platform.database import Connection, Database
from services.platform.jobs import JobQueue, JobRun, NewJob, Step, Worker
from services.platform.jobs.leased import Report
from services.platform.jobs.worker import at_once, report_nothing
from services.platform.process.errors import PermanentError
from services.platform.process.settings import PostgresSettings, WorkerSettings
from tests.support.events import cause
from tests.support.eventually import eventually

SERVICE = "snapshot"
KIND = "backup"

Work = Callable[[JobRun], Awaitable[None]]

QUICK = WorkerSettings(
    capacity=8,
    lease_seconds=6.0,
    heartbeat_seconds=0.2,
    no_progress_seconds=60.0,
    backoff_first_seconds=0.05,
    backoff_last_seconds=0.1,
)
"""As in production, on another scale; a machine that is busy for seconds loses no lease."""


async def nothing(_run: JobRun) -> None:
    """A step without work."""


@dataclass
class Kind:
    """A kind of job with the steps that a test gives it. It says its end in a table, as an event would be said."""

    works: Sequence[Work] = (nothing,)
    runs: list[JobRun] = field(default_factory=list)
    ending: Callable[[Connection, JobRun, PermanentError], Awaitable[None]] | None = None

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The works in their order, and the finish."""
        self.runs.append(run)
        return [
            *(Step(f"do part {number}", partial(work, run)) for number, work in enumerate(self.works, 1)),
            Step("say that it is done", partial(self._finish, run)),
        ]

    async def _finish(self, run: JobRun) -> None:
        async with run.finish() as c:
            await say(c, run, "completed")

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say why."""
        await say(c, run, f"failed {error.code} {error.reason} {'again' if error.retryable else 'never'}")
        if self.ending is not None:
            await self.ending(c, run, error)


async def say(c: Connection, run: JobRun, what: str) -> None:
    """Write down what would be an event."""
    await c.execute("INSERT INTO said (job_id, epoch, what) VALUES ($1, $2, $3)", run.job_id, run.epoch, what)


@dataclass
class Jobs:
    """A service's queue and what a test wants to know of it."""

    database: Database
    queue: JobQueue

    async def put(self, *, held_by: str | None = None, **changes: Any) -> UUID:  # noqa: ANN401 -- fields of NewJob
        """Put a job in a transaction of its own; by default about an environment of its own on one host."""
        fields = {
            "job_id": uuid4(),
            "kind": KIND,
            "environment_id": uuid4(),
            "host": "db:5432",
            "payload": {},
            "cause": cause(),
            "key": "k",
        }
        job = NewJob(**{**fields, **changes})
        async with self.database.transaction() as c:
            await self.queue.put(c, job, held_by=held_by)
        return job.job_id

    async def cancel(self, job_id: UUID, by: str = "user:ada") -> bool:
        """Ask for its end."""
        async with self.database.transaction() as c:
            return await self.queue.cancel(c, job_id, by)

    async def state(self, job_id: UUID) -> str:
        """As the row says."""
        async with self.database.transaction() as c:
            return str(await c.fetchval("SELECT state FROM job WHERE job_id = $1", job_id))

    async def said(self, job_id: UUID) -> list[str]:
        """What the job said, in order."""
        async with self.database.transaction() as c:
            rows = await c.fetch("SELECT what FROM said WHERE job_id = $1 ORDER BY place", job_id)
        return [row["what"] for row in rows]

    async def ended(self, *job_ids: UUID) -> None:
        """Wait until all of them have ended."""

        async def all_ended() -> bool:
            return {await self.state(job_id) for job_id in job_ids} <= {"completed", "failed"}

        await eventually(all_ended)

    async def expire(self, job_id: UUID) -> None:
        """Let the lease run out now, as after a worker's long silence."""
        async with self.database.transaction() as c:
            await c.execute("UPDATE job SET lease_until = clock_timestamp() WHERE job_id = $1", job_id)

    @asynccontextmanager
    async def working(
        self,
        kind: Kind,
        settings: WorkerSettings = QUICK,
        report: Report = report_nothing,
        may_begin: Callable[[], Awaitable[bool]] = at_once,
    ) -> AsyncIterator[asyncio.Task[None]]:
        """A worker until the end of the context."""
        task = asyncio.create_task(Worker(self.queue, {KIND: kind}, settings, report, may_begin=may_begin).run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def open_jobs(settings: PostgresSettings) -> AsyncIterator[Jobs]:
    """A queue in a fresh schema, and the table in which jobs say their ends."""
    database = await Database.open(settings, schema=SERVICE)
    queue = await JobQueue.open(database)
    async with database.transaction() as c:
        await c.execute(
            "CREATE TABLE IF NOT EXISTS said"
            " (place bigint GENERATED ALWAYS AS IDENTITY, job_id uuid, epoch int, what text)"
        )
    try:
        yield Jobs(database, queue)
    finally:
        await database.close()
