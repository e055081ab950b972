"""A cancellation meets a backup just before and just after its manifest is there: one of them wins, and all agree."""

import asyncio
import signal
from typing import Final
from uuid import UUID

import pytest

from contracts.errors import FailureCode
from contracts.manifest import Manifest, Tombstone
from contracts.states import BackupState
from services.gateway.resources import Backup
from services.platform.repository import RepositoryV2
from services.platform.repository.keys import read_key_file
from tests.history.checks import findings
from tests.soak import works
from tests.soak.witness import evidence_of
from tests.soak.world import World
from tests.support.eventually import eventually
from tests.support.running_services import Service

pytestmark = pytest.mark.timeout(900)
SAID: Final = {BackupState.COMPLETED: "BackupCompleted", BackupState.FAILED: "BackupFailed"}
DECIDED: Final = {BackupState.COMPLETED: Manifest, BackupState.FAILED: Tombstone}


async def test_a_backup_is_cancelled_or_completed_and_everything_says_the_same(world: World) -> None:
    held = world.places["production"].everything()
    for when, goes_on in (("before", _the_same), ("after", _the_same), ("before", _another), ("after", _another)):
        service = world.platform.services["snapshot"]
        backup_id = await _cancelled_at_the_manifest(world, when, service)
        ended = await goes_on(world, service, backup_id)
        await _must_agree(world, ended)
        if ended.state is BackupState.COMPLETED:
            world.contents[backup_id] = held
        if when == "after":  # it exists since the manifest was there
            assert ended.state is BackupState.COMPLETED, ended.failure
        elif goes_on is _another:
            assert ended.state is BackupState.FAILED
    await world.backed_up()
    assert findings(await evidence_of(world)) == []


async def _cancelled_at_the_manifest(world: World, when: str, service: Service) -> UUID:
    """A backup that was cancelled over HTTP while its service stood there."""
    world.crash_file("snapshot").write_text(f"stop {when} step: write the manifest", encoding="utf-8")
    production = world.environments["production"]
    asked = await world.caller.change(world.gateway.create_backup, production, f"cancelled {when} its manifest")
    await eventually(service.is_stopped, within_seconds=works.WITHIN_SECONDS)
    await world.caller.change(world.gateway.cancel_backup, asked.backup_id)
    return asked.backup_id


async def _the_same(world: World, service: Service, backup_id: UUID) -> Backup:
    """The service goes on; it may hear of the cancellation in time or not."""
    service.process.send_signal(signal.SIGCONT)
    return await _ended(world, backup_id)


async def _another(world: World, service: Service, backup_id: UUID) -> Backup:
    """Another life of it takes over as soon as it has heard of the cancellation, and the first wakes up behind that."""
    await world.platform.start("snapshot")
    ended = await _ended(world, backup_id)
    service.process.send_signal(signal.SIGCONT)
    await asyncio.sleep(1)  # it goes on where it stood
    assert await asyncio.to_thread(service.end, signal.SIGTERM) == 0
    return ended


async def _ended(world: World, backup_id: UUID) -> Backup:
    return await world.caller.until(lambda: world.gateway.backup(backup_id), lambda one: one.state in SAID)


async def _must_agree(world: World, ended: Backup) -> None:
    """The gateway, the log, the service's job and the bucket."""
    backup_id = ended.backup_id
    await world.told(SAID[ended.state], backup_id)
    assert {state: world.count(name, backup_id) for state, name in SAID.items()} == {
        state: int(state is ended.state) for state in SAID
    }
    job = f"SELECT state, last_code FROM snapshot.job WHERE payload ->> 'backup_id' = '{backup_id}'"  # noqa: S608 -- an id
    cancelled = ended.state is BackupState.FAILED
    assert (ended.failure and ended.failure.code) == (FailureCode.CANCELLED if cancelled else None)
    assert world.known("snapshot", job) in ({"failed|CANCELLED"} if cancelled else {"completed|", "failed|CANCELLED"})
    key = read_key_file(world.platform.directory / "repository.key")
    verdict = await RepositoryV2(world.store, key).of(ended.environment_id).verdict(backup_id)
    assert verdict is not None
    assert type(verdict.decided) is DECIDED[ended.state]
    assert (await asyncio.to_thread(world.gateway.backup, backup_id)).state is ended.state
