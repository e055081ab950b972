"""A worker may die or sleep at any moment: the next one finishes, and the old one can do no harm."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from contracts.events.backups import BackupCompleted, BackupStarted
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings
from tests.support.capturing import DOCUMENTS_QUERY, Place
from tests.support.databases import execute
from tests.support.eventually import eventually
from tests.support.local_client import loopback_client
from tests.support.running_services import Platform, Service
from tests.support.snapshotting import Snapshots
from tests.support.standing_snapshot import met

HEALTH_CHECK_SECONDS = 3.0
"""As in docker-compose.yml."""
QUICK = {
    "NIGHTKEEP_WORKER__LEASE_SECONDS": "8",
    "NIGHTKEEP_WORKER__HEARTBEAT_SECONDS": "0.5",
}


@pytest.fixture
async def platform(platform: Platform) -> Platform:
    """Its services notice soon that one of them is gone."""
    platform.settings |= QUICK
    return platform


async def ended(platform: Platform, backup_id: UUID) -> bool:
    """Whether a worker has ended the job."""
    query = f"SELECT state FROM snapshot.job WHERE job_id = '{backup_id}'"  # noqa: S608 -- an id of this test
    return await asyncio.to_thread(execute, platform.database(), query) == "completed"


async def assert_decided_once(told: Snapshots, store: S3ObjectStore, completed: BackupCompleted) -> None:
    """The backup was told once, and the manifest in the store is the one that was told."""
    assert await told.log.events(completed.backup_id) == ["BackupStarted", "BackupCompleted"]
    verdict = await told.repository(completed.environment_id, store).verdict(completed.backup_id)
    assert verdict
    assert verdict.hash == completed.manifest_hash


async def test_a_backup_whose_worker_is_killed_is_finished_by_the_next_one(
    platform: Platform, told: Snapshots, place: Place
) -> None:
    place.put(b"precious")
    await platform.start("snapshot")
    environment_id = await told.register(place.database, place.documents, DOCUMENTS_QUERY)
    assert (await told.checked(environment_id)).passed
    async with place.locked("document"):
        backup_id = await told.request(environment_id)
        await told.log.about(BackupStarted, backup_id)
        platform.services["snapshot"].end()
    await platform.start("snapshot")
    completed = await told.log.about(BackupCompleted, backup_id)
    assert await told.log.events(backup_id) == ["BackupStarted", "BackupCompleted"]
    assert completed.files.count == 1


async def test_a_worker_that_wakes_up_late_changes_nothing(
    platform: Platform, told: Snapshots, place: Place, store: tuple[S3Settings, S3ObjectStore]
) -> None:
    place.put(b"precious")
    other = replace(platform, services={})
    await platform.start("snapshot")
    environment_id = await told.register(place.database, place.documents, DOCUMENTS_QUERY)
    assert (await told.checked(environment_id)).passed
    try:
        async with place.locked("document"):
            backup_id = await told.request(environment_id)
            await told.log.about(BackupStarted, backup_id)
            platform.services["snapshot"].process.send_signal(signal.SIGSTOP)
        await other.start("snapshot")
        await eventually(lambda: ended(platform, backup_id), within_seconds=120)
        platform.services["snapshot"].process.send_signal(signal.SIGCONT)  # it relays what the other one has said
        completed = await told.log.about(BackupCompleted, backup_id)
        again = await told.request(environment_id)
        await told.log.about(BackupCompleted, again)
    finally:
        for service in (*platform.services.values(), *other.services.values()):
            service.end()
    await assert_decided_once(told, store[1], completed)


async def test_a_service_whose_event_loop_stands_still_says_so_by_silence_and_changes_nothing_afterwards(
    platform: Platform, told: Snapshots, place: Place, store: tuple[S3Settings, S3ObjectStore]
) -> None:
    place.put(b"precious")
    stand = platform.directory / "stand"
    platform.settings["NIGHTKEEP_TEST_STANDS"] = str(stand)
    other = replace(platform, services={})
    platform.modules["snapshot"] = "tests.support.standing_snapshot"
    await platform.start("snapshot")
    first = platform.services["snapshot"]
    environment_id = await told.register(place.database, place.documents, DOCUMENTS_QUERY)
    assert (await told.checked(environment_id)).passed
    try:
        stand.touch()
        backup_id = await told.request(environment_id)
        await eventually(lambda: exists(met(stand)))
        assert all(await asyncio.gather(silent(first, "/healthz"), silent(first, "/readyz")))
        await other.start("snapshot")
        completed = await told.log.about(BackupCompleted, backup_id)
        again = await told.request(environment_id)  # whoever stands has lost its part of the log too
        await told.log.about(BackupCompleted, again)
        met(stand).unlink()
        await eventually(lambda: says(first, "outcome=lost"))
        await eventually(first.ready)
    finally:
        for service in (*platform.services.values(), *other.services.values()):
            service.end()
    await assert_decided_once(told, store[1], completed)


async def exists(path: Path) -> bool:
    return await asyncio.to_thread(path.exists)


async def says(service: Service, words: str) -> bool:
    return words in await asyncio.to_thread(service.log.read_text)


async def silent(service: Service, path: str) -> bool:
    """Whether it lives and gives no answer to somebody who waits as long as a container's health check does."""
    async with loopback_client(timeout=HEALTH_CHECK_SECONDS) as client:
        with pytest.raises(httpx.TimeoutException):
            await client.get(f"{service.health_url}{path}")
    return service.process.poll() is None
