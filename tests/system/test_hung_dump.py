"""A job without progress is noticed and tried again: a `pg_dump` that hangs does not hold a backup up for ever."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import psutil
import pytest

from contracts.states import BackupState
from tests.soak.works import WITHIN_SECONDS
from tests.soak.world import World
from tests.support.app_databases import AppDatabase
from tests.support.eventually import eventually

pytestmark = pytest.mark.timeout(600)
PATIENCE: Final = {"NIGHTKEEP_WORKER__NO_PROGRESS_SECONDS": "15"}


async def test_a_backup_whose_pg_dump_hangs_is_tried_again(world: World) -> None:
    world.platform.own_settings["snapshot"] |= PATIENCE
    await world.restart("snapshot", signal.SIGTERM)
    production = world.places["production"].database
    production.run("CREATE TABLE held (id int)")
    async with _locked(production):
        asked = await world.caller.change(world.gateway.create_backup, world.environments["production"], "hung")
        await eventually(lambda: asyncio.to_thread(_waits, production), within_seconds=WITHIN_SECONDS)
        hung = _pg_dump(world)
        hung.suspend()
    ended = await world.caller.until(
        lambda: world.gateway.backup(asked.backup_id),
        lambda backup: backup.state in {BackupState.COMPLETED, BackupState.FAILED},
    )
    assert ended.state is BackupState.COMPLETED, ended.failure
    assert not hung.is_running()
    assert "nothing moved for 15 seconds" in world.platform.services["snapshot"].log.read_text(encoding="utf-8")


@asynccontextmanager
async def _locked(database: AppDatabase) -> AsyncIterator[None]:
    """Hold a lock for which `pg_dump` has to wait, so that it is there for long enough to be stopped."""
    server = database.server
    password = server.password.get_secret_value()
    connection = await asyncpg.connect(
        host=server.host, port=server.port, user=server.user, password=password, database=database.name
    )
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


def _waits(database: AppDatabase) -> bool:
    return database.run("SELECT count(*) FROM pg_locks WHERE relation = 'held'::regclass AND NOT granted") == "1"


def _pg_dump(world: World) -> psutil.Process:
    """The one that the snapshot service has started."""
    started = psutil.Process(world.platform.services["snapshot"].process.pid).children(recursive=True)
    (found,) = [one for one in started if one.name() == "pg_dump"]
    return found
