"""A disk under the service that takes no more: the kernel refuses its writes until there is room again."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from contracts.events.backups import BackupCompleted, BackupFailed
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings
from tests.support.capturing import DOCUMENTS_QUERY, Place
from tests.support.full_disk import no_room_for_more
from tests.support.running_services import Platform
from tests.support.snapshotting import open_snapshots

ROOM_BYTES = 8 * 1024
"""Enough for empty lists, and less than those of `DOCUMENTS` take, or than the service's log has already."""
DOCUMENTS = 300


@pytest.fixture
async def platform(platform: Platform) -> Platform:
    """Its service tries again at once."""
    platform.settings["NIGHTKEEP_WORKER__BACKOFF_FIRST_SECONDS"] = "0.1"
    return platform


async def test_a_backup_whose_lists_find_no_room_is_tried_again_fails_with_that_reason_and_leaves_nothing(
    platform: Platform, place: Place, store: tuple[S3Settings, S3ObjectStore]
) -> None:
    documents = {place.put(content): content for content in (uuid4().bytes for _ in range(DOCUMENTS))}
    settings = platform.database("snapshot")
    async with open_snapshots(platform.kafka, settings, platform.s3, platform.directory) as told:
        (platform.directory / "snapshot.log").write_text("A log that has no room either.\n" * ROOM_BYTES)
        await platform.start("snapshot")
        environment_id = await told.register(place.database, place.documents, DOCUMENTS_QUERY)
        assert (await told.checked(environment_id)).passed
        with no_room_for_more(platform.services["snapshot"].process.pid, ROOM_BYTES):
            backup_id = await told.request(environment_id)
            failed = await told.log.about(BackupFailed, backup_id)
        assert (failed.code, failed.retryable) == ("NO_SPACE", True), failed
        assert failed.reason.startswith("no space is left on a disk of the service")
        assert failed.reason.endswith("make room in its scratch directory (tried 5 times)")
        left = await asyncio.to_thread(lambda: [*(platform.directory / "scratch").rglob("*")])
        assert left == []

        completed = await told.log.about(BackupCompleted, await told.request(environment_id))
        repository = told.repository(environment_id, store[1])
        manifest = await repository.read_manifest(completed.backup_id, expected_hash=completed.manifest_hash)
        assert await replace(place, repository=repository).stored(manifest) == documents
