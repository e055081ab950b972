"""What is cancelled while its service is down is not carried out when it is back: it hears first, and works then."""

import asyncio
import signal
from typing import Final
from uuid import UUID

import pytest

from contracts.errors import FailureCode
from contracts.states import BackupState, RestoreState
from tests.soak import works
from tests.soak.world import World

pytestmark = pytest.mark.timeout(900)
WAITS: Final = "before lease a job"
UNDER_WAY: Final = "before step: refuse to be cancelled from here on"


async def test_neither_what_waits_nor_what_is_under_way_is_carried_out(world: World) -> None:
    await _backup(world)
    for where in (WAITS, UNDER_WAY):
        await _restore(world, where)


async def _backup(world: World) -> None:
    await _end(world, "snapshot")
    production = world.environments["production"]
    asked = await world.caller.change(world.gateway.create_backup, production, "not wanted any more")
    await _die(world, "snapshot", WAITS, asked.backup_id)
    await world.caller.change(world.gateway.cancel_backup, asked.backup_id)
    await world.platform.start("snapshot")
    ended = await world.caller.until(
        lambda: world.gateway.backup(asked.backup_id),
        lambda one: one.state in {BackupState.COMPLETED, BackupState.FAILED},
    )
    assert ended.failure is not None
    assert ended.failure.code == FailureCode.CANCELLED


async def _restore(world: World, where: str) -> None:
    made = await world.a_backup()
    works.disturb(world)
    held = world.places["acceptance"].everything()
    await _end(world, "restore")
    asked = await world.caller.change(world.gateway.create_restore, world.environments["acceptance"], made.backup_id)
    await _die(world, "restore", where, asked.restore_id)
    await world.caller.change(world.gateway.cancel_restore, asked.restore_id)
    await world.platform.start("restore")
    ended = await works.ended(world, asked.restore_id)
    assert ended.state is RestoreState.FAILED
    assert ended.failure is not None
    assert ended.failure.code == FailureCode.CANCELLED
    assert world.places["acceptance"].everything() == held


async def _end(world: World, service: str) -> None:
    await asyncio.to_thread(world.platform.services[service].end, signal.SIGTERM)


async def _die(world: World, service: str, where: str, work_id: UUID) -> None:
    """In a life that knows of the work before it leases any."""
    world.crash_file(service).write_text(where, encoding="utf-8")
    world.platform.launch(service)
    code = await asyncio.to_thread(world.platform.services[service].process.wait, works.WITHIN_SECONDS)
    assert code == -signal.SIGKILL
    known = f"SELECT count(*) FROM {service}.job WHERE payload::text LIKE '%{work_id}%'"  # noqa: S608 -- names and ids of ours
    assert world.known(service, known) == "1"
