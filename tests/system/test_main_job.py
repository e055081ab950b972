"""The main job through the front door: from a command to a restored environment, on real engines and processes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.states import BackupState, RestoreState
from contracts.values import RunState
from services.cli.client import RefusedError
from services.gateway.resources import EnvironmentChange
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support.databases import FreshDatabase
from tests.support.main_job import MainJob, open_main_job
from tests.support.receiver import open_receiver
from tests.support.running_services import open_platform

pytestmark = pytest.mark.timeout(600)

WITHIN = 120


@pytest.fixture
async def job(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, fresh_bucket: S3Settings, tmp_path: Path
) -> AsyncIterator[MainJob]:
    async with (
        open_platform(kafka_settings, fresh_database, fresh_bucket, tmp_path) as platform,
        open_main_job(platform) as opened,
    ):
        yield opened


async def test_production_is_backed_up_altered_restored_into_acceptance_identical_and_undone(job: MainJob) -> None:
    production, acceptance = job.places["production"], job.places["acceptance"]
    acceptance.database.run("CREATE TABLE before_restore (id int)", "INSERT INTO before_restore VALUES (1)")
    extra = acceptance.put(b"belongs to acceptance", uuid4())
    held_before = acceptance.everything()
    told = production.everything()

    backup = await job.call(job.gateway.create_backup, job.production.environment_id, "before the release")
    assert backup.state in {BackupState.QUEUED, BackupState.RUNNING}
    assert backup.expires_at is not None
    assert backup.expires_at - backup.created_at >= timedelta(days=14)
    backup = await job.call(job.gateway.wait_for_backup, backup.backup_id, timeout_seconds=WITHIN)
    assert backup.state is BackupState.COMPLETED, backup.failure
    assert (backup.created_by, backup.comment, backup.model_version) == ("ada", "before the release", "7.1.0")
    assert backup.files is not None
    assert backup.files.count == len(told[1])

    production.database.run("CREATE TABLE since (id int)")
    next(path for path in production.documents.rglob("*") if path.is_file()).unlink()

    restore = await job.call(job.gateway.create_restore, job.acceptance.environment_id, backup.backup_id)
    restore = await job.call(job.gateway.wait_for_restore, restore.restore_id, timeout_seconds=WITHIN)
    assert restore.state is RestoreState.COMPLETED, restore.failure
    assert acceptance.everything() == told
    assert not extra.exists()

    undone = await job.call(job.gateway.undo_restore, restore.restore_id)
    undone = await job.call(job.gateway.wait_for_restore, undone.restore_id, timeout_seconds=WITHIN)
    assert undone.state is RestoreState.UNDONE, undone.failure
    assert acceptance.everything() == held_before


async def test_a_second_backup_reads_no_document_that_has_not_changed(job: MainJob) -> None:
    first = await job.call(job.gateway.create_backup, job.production.environment_id)
    await job.call(job.gateway.wait_for_backup, first.backup_id, timeout_seconds=WITHIN)
    job.places["production"].put(b"new since the first", uuid4())
    second = await job.call(job.gateway.create_backup, job.production.environment_id)
    second = await job.call(job.gateway.wait_for_backup, second.backup_id, timeout_seconds=WITHIN)
    assert second.files is not None
    assert (second.files.new_count, second.files.new_bytes) == (1, len(b"new since the first"))


async def test_a_restore_under_a_running_app_is_refused_and_nothing_changes(job: MainJob) -> None:
    backup = await job.call(job.gateway.create_backup, job.production.environment_id)
    await job.call(job.gateway.wait_for_backup, backup.backup_id, timeout_seconds=WITHIN)
    with pytest.raises(RefusedError, match="stop it first") as refused:
        await job.call(job.gateway.create_restore, job.production.environment_id, backup.backup_id)
    assert refused.value.code == "ERROR_NOT_ALLOWED"


async def test_an_app_is_stopped_when_its_platform_has_stopped_it(job: MainJob) -> None:
    environment_id = job.production.environment_id
    with open_receiver() as platform:
        hook = {"url": platform.url, "secret": job.platform.put_secret("hook", "whsec_" + "c2lnbmVk" * 4)}
        change = EnvironmentChange.model_validate({"hook": hook})
        await job.call(job.gateway.update_environment, environment_id, change)

        platform.will_answer(409, said=b"users are signed in")
        await job.call(job.gateway.stop, environment_id)
        refused = await job.call(job.gateway.wait_for_platform, environment_id, timeout_seconds=WITHIN)
        assert refused.run_state is RunState.RUNNING
        assert refused.hook_failure
        assert "answered 409: users are signed in" in refused.hook_failure

        await job.call(job.gateway.stop, environment_id)
        stopped = await job.call(job.gateway.wait_for_platform, environment_id, timeout_seconds=WITHIN)
        assert (stopped.run_state, stopped.hook_failure) == (RunState.STOPPED, None)
        assert len(platform.calls) == 2
