"""Where the object store has no room for a tombstone or a mark, nothing is lost, and the work comes again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.manifest import Tombstone
from services.platform.jobs import JobKind, Worker
from services.platform.objectstore import DirectoryObjectStore, FaultyObjectStore
from services.retention.chores import CONDEMN, DELETE, RECLAIM
from services.retention.work.deleting import DeletionJob
from services.retention.work.reclaiming import CondemningJob, ReclaimJob
from tests.suites.reclaim import Backups
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.full_store import NoRoom
from tests.support.histories import History
from tests.support.jobs import QUICK
from tests.support.sweeping import Sweeps, completed, open_sweeps, requested

AGAIN = timedelta(hours=1, minutes=1)
"""When a sweep puts work again that failed."""
CODES = {"failed": "NO_SPACE", "completed": None}


@pytest.fixture
def room() -> NoRoom:
    """Whether the store has some."""
    return NoRoom()


@pytest.fixture
async def sweeps(fresh_database: FreshDatabase, tmp_path: Path, room: NoRoom) -> AsyncIterator[Sweeps]:
    """Sweeps over that store."""
    store = FaultyObjectStore(DirectoryObjectStore(tmp_path / "store"), room)
    async with open_sweeps(fresh_database("retention"), store) as opened:
        yield opened


@asynccontextmanager
async def working(sweeps: Sweeps) -> AsyncIterator[None]:
    """A worker for what gives room back."""
    parts = sweeps.parts
    kinds: dict[str, JobKind] = {DELETE: DeletionJob(parts), CONDEMN: CondemningJob(parts), RECLAIM: ReclaimJob(parts)}
    task = asyncio.create_task(Worker(sweeps.queue, kinds, QUICK).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def swept(sweeps: Sweeps, kind: str, state: str) -> None:
    """A sweep puts one job of this kind, and it ends so."""
    assert (await sweeps.sweep.now()).jobs == 1

    async def has_ended() -> bool:
        async with sweeps.database.transaction() as c:
            row = await c.fetchrow("SELECT kind, state, last_code FROM job ORDER BY position DESC LIMIT 1")
        return row is not None and tuple(row) == (kind, state, CODES[state])

    await eventually(has_ended)


async def deleted(sweeps: Sweeps) -> tuple[UUID, UUID]:
    """An environment, and its backup that a person deletes; its grace is over."""
    environment_id = uuid4()
    body = requested(environment_id, sweeps.clock.now(), sweeps.clock.now() + timedelta(days=14))
    await Backups(sweeps.parts.repository.of(environment_id)).take(b"a document", body.backup_id)
    deletion = History().body(
        "BackupDeletionRequested",
        environment_id=environment_id,
        backup_id=body.backup_id,
        requested_at=sweeps.clock.now().isoformat(),
    )
    await sweeps.hear(body, completed(body), deletion)
    sweeps.clock.on(hours=25)
    return environment_id, body.backup_id


async def test_a_deletion_and_a_reclaim_that_find_no_room_come_again_and_give_it_back(
    sweeps: Sweeps, room: NoRoom
) -> None:
    environment_id, backup_id = await deleted(sweeps)
    repository = sweeps.parts.repository.of(environment_id)
    async with working(sweeps):
        room.full = True
        await swept(sweeps, DELETE, "failed")
        assert (await repository.read_manifest(backup_id)).backup_id == backup_id
        assert await sweeps.said() == []
        room.full = False
        sweeps.clock.on(seconds=AGAIN.total_seconds())
        await swept(sweeps, DELETE, "completed")
        verdict = await repository.verdict(backup_id)
        assert verdict
        assert isinstance(verdict.decided, Tombstone)

        room.full = True
        await swept(sweeps, CONDEMN, "failed")
        room.full = False
        sweeps.clock.on(seconds=AGAIN.total_seconds())
        await swept(sweeps, CONDEMN, "completed")
        sweeps.clock.on(hours=25)
        await swept(sweeps, RECLAIM, "completed")
    reclaimed = (await sweeps.said())[-1]
    assert reclaimed["bytes"] > 0
