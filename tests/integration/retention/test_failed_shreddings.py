"""A shredding that cannot be brought to its end says so, and the next one does all of it; nothing else waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.envelope import Event
from contracts.events.backups import BackupRequested
from services.platform.jobs import JobKind, NewJob, Worker
from services.platform.objectstore import UnsafeStoreError
from services.retention.chores import CHECK, CONDEMN, RECLAIM, SHRED
from services.retention.domain.messages import own_cause
from services.retention.work.shredding import ShreddingJob
from tests.support.dying import Failing
from tests.support.eventually import eventually
from tests.support.histories import History
from tests.support.jobs import QUICK
from tests.support.sweeping import Sweeps, completed, requested


async def backed_up(sweeps: Sweeps) -> BackupRequested:
    """A completed backup, as far as the log tells."""
    backup = requested(uuid4(), sweeps.clock.now(), sweeps.clock.now() + timedelta(days=14))
    await sweeps.hear(backup, completed(backup))
    return backup


def asked(sweeps: Sweeps, environment_id: UUID, *backups: BackupRequested, shred_id: UUID | None = None) -> list[Event]:
    """What the catalog says when somebody wants them shredded."""
    shred_id = shred_id or uuid4()
    ids = {"environment_id": environment_id, "shred_id": shred_id, "requested_at": sweeps.clock.now().isoformat()}
    deletions = [History().body("BackupDeletionRequested", **ids, backup_id=one.backup_id) for one in backups]
    return [*deletions, History().body("ShreddingRequested", **ids)]


@asynccontextmanager
async def working(sweeps: Sweeps, kind: JobKind) -> AsyncIterator[None]:
    """A worker that knows shreddings alone."""
    task = asyncio.create_task(Worker(sweeps.queue, {SHRED: kind}, QUICK).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(sweeps: Sweeps, field: str) -> dict[str, Any] | None:
    """The event that says this of a shredding."""
    return next((one for one in await sweeps.said() if field in one), None)


async def test_its_backups_are_deleted_in_the_ordinary_way_and_a_second_one_does_all_of_it(sweeps: Sweeps) -> None:
    backup = await backed_up(sweeps)
    await sweeps.hear(*asked(sweeps, backup.environment_id, backup))
    assert (await sweeps.row(backup.backup_id))["work_from"] is None
    unsafe = UnsafeStoreError("the bucket keeps old versions")
    async with working(sweeps, Failing(ShreddingJob(sweeps.parts), "destroy the data keys", unsafe)):
        failed = await eventually(partial(told, sweeps, "failed_at"))
    assert failed is not None
    assert (failed["reason"], failed["retryable"]) == ("the bucket keeps old versions", False)
    row = await sweeps.row(backup.backup_id)
    assert (row["state"], row["work_from"]) == ("deleting", sweeps.clock.now() + timedelta(hours=1))
    await sweeps.hear(*asked(sweeps, backup.environment_id))
    async with working(sweeps, ShreddingJob(sweeps.parts)):
        done = await eventually(partial(told, sweeps, "keys_destroyed"))
    assert done is not None
    assert done["backup_count"] == 1
    assert (await sweeps.row(backup.backup_id))["state"] == "deleted"


async def test_one_under_an_id_that_was_used_before_is_worked_on_too(sweeps: Sweeps) -> None:
    one, other, shred_id = await backed_up(sweeps), await backed_up(sweeps), uuid4()
    await sweeps.hear(*asked(sweeps, one.environment_id, one, shred_id=shred_id))
    await sweeps.hear(*asked(sweeps, other.environment_id, other, shred_id=shred_id))

    async def both() -> bool:
        rows = [await sweeps.row(backup.backup_id) for backup in (one, other)]
        return all(row["state"] == "deleted" for row in rows)

    async with working(sweeps, ShreddingJob(sweeps.parts)):
        await eventually(both)


@pytest.mark.parametrize(("kind", "column"), [(CHECK, "check_job_id"), (CONDEMN, "job_id"), (RECLAIM, "job_id")])
async def test_what_may_read_for_hours_is_ended(sweeps: Sweeps, kind: str, column: str) -> None:
    backup = await backed_up(sweeps)
    job_id = uuid4()
    job = NewJob(
        job_id=job_id,
        kind=kind,
        environment_id=backup.environment_id,
        host="host",
        payload={},
        cause=own_cause(job_id),
        key=str(sweeps.app_id),
    )
    async with sweeps.database.transaction() as c:
        await sweeps.queue.put(c, job)
        query = f"UPDATE environment SET {column} = $1 WHERE environment_id = $2"  # noqa: S608 -- a column of ours
        await c.execute(query, job_id, backup.environment_id)
    await sweeps.hear(*asked(sweeps, backup.environment_id, backup))
    async with sweeps.database.transaction() as c:
        assert await c.fetchval("SELECT cancelled_by FROM job WHERE job_id = $1", job_id) is not None
