"""Who works on what: taking, keeping and giving back jobs; every change names the epoch and fails with an old one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from contracts.envelope import Cause
from contracts.errors import FailureCode
from services.platform.database import Connection, load_queries
from services.platform.jobs.errors import JobCancelledError, LeaseLostError
from services.platform.jobs.queue import JobQueue
from services.platform.process.errors import NightkeepError
from services.platform.process.seams import Seam
from services.platform.process.settings import WorkerSettings

queries = load_queries("services.platform.jobs")
_causes = TypeAdapter(Cause)


@dataclass(frozen=True)
class Lease:
    """A job as its worker got it; `last` is how the try before ended."""

    job_id: UUID
    kind: str
    environment_id: UUID
    key: str
    payload: dict[str, Any]
    cause: Cause
    epoch: int
    attempt: int
    memo: dict[str, Any]
    cancelled_by: str | None
    last: NightkeepError


@dataclass(frozen=True)
class Heard:
    """What a heartbeat brings back."""

    cancelled_by: str | None
    stalled: bool


class Leases:
    """The leases of one service's jobs."""

    def __init__(self, queue: JobQueue, settings: WorkerSettings) -> None:
        self._queue = queue
        self._settings = settings

    async def take(self, kinds: Sequence[str], worker: str, *, only_cancelled: bool = False) -> Lease | None:
        """A cancelled job, else the oldest that may run now, within the limits; None when there is none."""
        async with self._queue.database.transaction(Seam.LEASE) as c:
            await queries.lock_leasing(c)
            job_id = await self._next(c, kinds, only_cancelled=only_cancelled)
            if job_id is None:
                return None
            row = await queries.lease(c, job_id=job_id, worker=worker, lease_seconds=self._settings.lease_seconds)
        return _lease(row)

    async def _next(self, c: Connection, kinds: Sequence[str], *, only_cancelled: bool) -> UUID | None:
        job_id: UUID | None = await queries.next_cancelled(c, kinds=list(kinds))
        if job_id is None and not only_cancelled:
            settings = self._settings
            job_id = await queries.next_job(
                c, kinds=list(kinds), per_environment=settings.per_environment, per_host=settings.per_host
            )
        return job_id

    async def keep(self, lease: Lease, *, moved: bool) -> Heard:
        """A heartbeat: `moved` says that there was progress since the last. Raises LeaseLostError."""
        async with self._queue.database.transaction(Seam.BEAT) as c:
            row = await queries.heartbeat(
                c,
                job_id=lease.job_id,
                epoch=lease.epoch,
                lease_seconds=self._settings.lease_seconds,
                moved=moved,
                no_progress_seconds=self._settings.no_progress_seconds,
            )
        if row is None:
            raise lost(lease)
        return Heard(row["cancelled_by"], row["stalled"])

    async def remember(self, lease: Lease, memo: dict[str, Any]) -> None:
        """Keep `memo` for the next attempt. Raises LeaseLostError."""
        async with self._queue.database.transaction(Seam.REMEMBER) as c:
            if not await queries.remember(c, job_id=lease.job_id, epoch=lease.epoch, memo=memo):
                raise lost(lease)

    async def refuse_cancel(self, lease: Lease) -> None:
        """From now on nobody can cancel. Raises JobCancelledError when somebody did, and LeaseLostError."""
        async with self._queue.database.transaction(Seam.TELL) as c:
            row = await queries.refuse_cancel(c, job_id=lease.job_id, epoch=lease.epoch)
        if row is None:
            raise lost(lease)
        if row["cancelled_by"] is not None:
            raise JobCancelledError(row["cancelled_by"])

    @asynccontextmanager
    async def transaction(self, lease: Lease, seam: Seam = Seam.TELL) -> AsyncIterator[Connection]:
        """A transaction in which the job cannot change hands. Raises LeaseLostError at its begin."""
        async with self._queue.database.transaction(seam) as c:
            if not await queries.lock_run(c, job_id=lease.job_id, epoch=lease.epoch):
                raise lost(lease)
            yield c

    @asynccontextmanager
    async def ending(self, lease: Lease, error: NightkeepError | None = None) -> AsyncIterator[Connection]:
        """The same, and the job has ended when it commits: failed with `error`, else completed."""
        async with self.transaction(lease, Seam.END) as c:
            yield c
            await queries.end_job(
                c,
                job_id=lease.job_id,
                state="failed" if error else "completed",
                code=error.code if error else None,
                reason=error.reason if error else None,
            )
            await self._queue.wake(c)

    async def try_later(self, lease: Lease, error: NightkeepError, pause_seconds: float) -> None:
        """Give the job back; it is leased again after the pause."""
        async with self._queue.database.transaction(Seam.GIVE_BACK) as c:
            await queries.try_later(
                c,
                job_id=lease.job_id,
                epoch=lease.epoch,
                pause_seconds=pause_seconds,
                code=error.code,
                reason=error.reason,
            )
            await self._queue.wake(c)

    async def hand_back(self, lease: Lease) -> None:
        """Give the job back at once, as if this attempt had not been."""
        async with self._queue.database.transaction(Seam.GIVE_BACK) as c:
            await queries.hand_back(c, job_id=lease.job_id, epoch=lease.epoch)
            await self._queue.wake(c)


def lost(lease: Lease) -> LeaseLostError:
    """The error of a worker that acts with an old epoch."""
    return LeaseLostError(f"job {lease.job_id} has ended or changed hands since epoch {lease.epoch}")


def _lease(row: Any) -> Lease:  # noqa: ANN401 -- a row of the driver
    fields = dict(row)
    reason = fields.pop("last_reason") or "its worker was not heard of any more"
    code = FailureCode(fields.pop("last_code") or FailureCode.INTERNAL)
    cause = _causes.validate_python(fields.pop("cause"))
    return Lease(**fields, cause=cause, last=NightkeepError(reason, code=code))
