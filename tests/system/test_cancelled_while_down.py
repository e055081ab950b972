"""What is cancelled while its service is down is not carried out when it is back: it hears first, and works then."""

import asyncio

import pytest

from contracts.errors import FailureCode
from contracts.states import BackupState, RestoreState
from tests.soak import works
from tests.soak.world import World

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("where", ["before lease a job", "before step: refuse to be cancelled from here on"])
async def test_a_restore_that_waits_and_one_that_is_under_way(world: World, where: str) -> None:
    made = await world.a_backup()
    works.disturb(world)
    held = world.places["acceptance"].everything()
    world.crash_file("restore").write_text(where, encoding="utf-8")
    asked = await world.caller.change(world.gateway.create_restore, world.environments["acceptance"], made.backup_id)
    await _died(world, "restore")
    await world.caller.change(world.gateway.cancel_restore, asked.restore_id)
    await world.platform.start("restore")
    ended = await works.ended(world, asked.restore_id)
    assert ended.state is RestoreState.FAILED
    assert ended.failure is not None
    assert ended.failure.code == FailureCode.CANCELLED
    assert world.places["acceptance"].everything() == held


async def test_a_backup_that_waits(world: World) -> None:
    world.crash_file("snapshot").write_text("before lease a job", encoding="utf-8")
    production = world.environments["production"]
    asked = await world.caller.change(world.gateway.create_backup, production, "not wanted any more")
    await _died(world, "snapshot")
    await world.caller.change(world.gateway.cancel_backup, asked.backup_id)
    await world.platform.start("snapshot")
    ended = await world.caller.until(
        lambda: world.gateway.backup(asked.backup_id),
        lambda one: one.state in {BackupState.COMPLETED, BackupState.FAILED},
    )
    assert ended.failure is not None
    assert ended.failure.code == FailureCode.CANCELLED


async def _died(world: World, name: str) -> None:
    await asyncio.to_thread(world.platform.services[name].process.wait, works.WITHIN_SECONDS)
