"""Puts the jobs that have come due: the end of manifests and tombstones, the halves of a reclaim, checks."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from contracts.states import BackupState
from services.platform.database import Connection, load_queries
from services.platform.jobs import JobQueue, NewJob
from services.platform.process.ids import NewId, random_id
from services.platform.process.retry import until_done
from services.retention.domain.messages import own_cause
from services.retention.known import cause_of

DELETE: Final = "delete"
FORGET: Final = "forget"
CONDEMN: Final = "condemn"
RECLAIM: Final = "reclaim"
CHECK: Final = "check"
SHRED: Final = "shred"

PAGE: Final = 200
"""Jobs put in one transaction."""

queries = load_queries("services.retention")


class Chores:
    """From rows to jobs. A row has one job at a time; the job says in its last step what comes next, and when.

    `read_percent` is how much a check reads; None: nothing is checked.
    """

    def __init__(self, queue: JobQueue, read_percent: int | None, new_id: NewId = random_id) -> None:
        self._queue = queue
        self._read_percent = read_percent
        self._new_id = new_id

    async def put(self, now: datetime) -> int:
        """Put what has come due by business time; how many jobs there were."""
        some = (self._backups, self._environments, self._checks)
        return sum([await self._all(each, now) for each in some])

    async def _all(self, some: Callable[[datetime], Awaitable[int]], now: datetime) -> int:
        total = 0
        while True:
            count = await until_done("put jobs", partial(some, now))
            total += count
            if count < PAGE:
                return total

    async def _backups(self, now: datetime) -> int:
        async with self._queue.database.transaction() as c:
            rows = [row async for row in queries.backups_to_work_on(c, now=now, page=PAGE)]
            for row in rows:
                kind = FORGET if row["state"] == BackupState.DELETED else DELETE
                job_id = await self._put(c, kind, row, _backup_payload(row))
                await queries.note_backup_job(c, backup_id=row["backup_id"], job_id=job_id)
        return len(rows)

    async def _environments(self, now: datetime) -> int:
        async with self._queue.database.transaction() as c:
            rows = [row async for row in queries.environments_to_work_on(c, now=now, page=PAGE)]
            for row in rows:
                job_id = await self._put_reclaim(c, row)
                await queries.note_environment_job(c, environment_id=row["environment_id"], job_id=job_id)
        return len(rows)

    async def _checks(self, now: datetime) -> int:
        if self._read_percent is None:
            return 0
        async with self._queue.database.transaction() as c:
            rows = [row async for row in queries.environments_to_check(c, now=now, page=PAGE)]
            for row in rows:
                payload = {"read_percent": self._read_percent, "seed": row["check_seed"]}
                job_id = await self._put_check(c, row, payload)
                await queries.note_check_job(c, environment_id=row["environment_id"], job_id=job_id)
        return len(rows)

    async def _put_check(self, c: Connection, row: Any, payload: dict[str, Any]) -> UUID:  # noqa: ANN401 -- a row of the driver
        """Time has no message: what a check says begins with the check."""
        job_id = self._new_id()
        job = NewJob(
            job_id=job_id,
            kind=CHECK,
            environment_id=row["environment_id"],
            host=str(row["environment_id"]),
            payload=payload,
            cause=own_cause(job_id),
            key=row["key"],
        )
        await self._queue.put(c, job)
        return job_id

    async def _put_reclaim(self, c: Connection, row: Any) -> UUID:  # noqa: ANN401 -- a row of the driver
        """The first half, under the mark of a try that failed if there is one; or the second."""
        mark_id, ours = row["mark_id"] or self._new_id(), {"environment_id": row["environment_id"]}
        if row["mark_id"] is None:
            await queries.to_be_erased(c, **ours, mark_id=mark_id)
        if row["condemned_contents"] is None:
            await queries.note_mark(c, **ours, mark_id=mark_id)
            erases = [one async for one in queries.erased_by(c, **ours, mark_id=mark_id)]
            return await self._put(c, CONDEMN, row, {"mark_id": str(mark_id), "erase": bool(erases)})
        condemned = {"contents": row["condemned_contents"], "bytes": row["condemned_bytes"]}
        return await self._put(c, RECLAIM, row, {"mark_id": str(mark_id), **condemned})

    async def _put(
        self,
        c: Connection,
        kind: str,
        row: Any,  # noqa: ANN401 -- a row of the driver
        payload: dict[str, Any],
    ) -> UUID:
        job = NewJob(
            job_id=self._new_id(),
            kind=kind,
            environment_id=row["environment_id"],
            host=str(row["environment_id"]),  # no database is touched: only its own environment's jobs wait for it
            payload=payload,
            cause=cause_of(row),
            key=row["key"],
        )
        await self._queue.put(c, job)
        return job.job_id


def _backup_payload(row: Any) -> dict[str, Any]:  # noqa: ANN401 -- a row of the driver
    return {"backup_id": str(row["backup_id"]), "state": row["state"], "erase": row["erase"]}
