"""The disk of an environment's documents takes no more while a backup is restored there: nothing has changed then."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.states import RestoreState
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support.databases import FreshDatabase
from tests.support.full_disk import no_room_for_more
from tests.support.main_job import open_main_job
from tests.support.running_services import open_platform

pytestmark = pytest.mark.timeout(900)

WITHIN = 240
ROOM_BYTES = 1_000_000
"""Enough for the service's own lists."""
LARGE = bytes(range(256)) * 10_000


async def test_a_restore_that_finds_no_room_for_documents_says_so_changes_nothing_and_succeeds_when_there_is(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, fresh_bucket: S3Settings, tmp_path: Path
) -> None:
    async with open_platform(kafka_settings, fresh_database, fresh_bucket, tmp_path) as platform:
        platform.settings["NIGHTKEEP_WORKER__BACKOFF_FIRST_SECONDS"] = "0.1"
        async with open_main_job(platform) as job:
            job.places["production"].put(LARGE, uuid4())
            acceptance, before = job.places["acceptance"], job.places["acceptance"].everything()
            backup = await job.call(job.gateway.create_backup, job.production.environment_id)
            backup = await job.call(job.gateway.wait_for_backup, backup.backup_id, timeout_seconds=WITHIN)
            with no_room_for_more(platform.services["restore"].process.pid, ROOM_BYTES):
                restore = await job.call(job.gateway.create_restore, job.acceptance.environment_id, backup.backup_id)
                restore = await job.call(job.gateway.wait_for_restore, restore.restore_id, timeout_seconds=WITHIN)
            assert restore.state is RestoreState.FAILED
            assert restore.failure is not None
            assert (restore.failure.code, restore.failure.retryable) == ("NO_SPACE", True)
            assert "documents" in restore.failure.reason
            assert await asyncio.to_thread(acceptance.everything) == before

            restore = await job.call(job.gateway.create_restore, job.acceptance.environment_id, backup.backup_id)
            restore = await job.call(job.gateway.wait_for_restore, restore.restore_id, timeout_seconds=WITHIN)
            assert restore.state is RestoreState.COMPLETED, restore.failure
            assert await asyncio.to_thread(acceptance.contents) == job.places["production"].contents()
