"""An environment on an older PostgreSQL with TLS is dumped by its own major's tools and restored into a newer one."""

import asyncio
import re
import subprocess
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from contracts.events.archives import DataType
from contracts.states import BackupState, RestoreState
from infra.local.engines.postgres import installation
from services.gateway.resources import Backup
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.databases import FreshDatabase, execute
from tests.support.main_job import MainJob, open_main_job
from tests.support.restoring import connect
from tests.support.running_services import open_platform
from tests.support.tls_engines import SECOND_MAJOR_WHEEL

pytestmark = pytest.mark.timeout(600)

WITHIN = 120
COUNTED = "SELECT count(*), sum(hashtext(customer::text)) FROM customer"


async def test_17_with_verified_tls_is_backed_up_and_restored_into_18(
    kafka_settings: KafkaSettings,
    fresh_database: FreshDatabase,
    fresh_bucket: S3Settings,
    postgres17_tls: PostgresSettings,
    tmp_path: Path,
) -> None:
    assert postgres17_tls.sslmode == "verify-full"
    async with (
        open_platform(kafka_settings, fresh_database, fresh_bucket, tmp_path) as platform,
        open_main_job(platform, production_server=postgres17_tls) as job,
    ):
        production, acceptance = job.places["production"].database, job.places["acceptance"].database
        execute(acceptance.server, f"CREATE ROLE {production.reader}")
        told, documents = production.run(COUNTED), job.places["production"].contents()
        try:
            backup = await job.call(job.gateway.create_backup, job.production.environment_id)
            backup = await job.call(job.gateway.wait_for_backup, backup.backup_id, timeout_seconds=WITHIN)
            assert backup.state is BackupState.COMPLETED, backup.failure
            assert backup.database is not None
            assert backup.database.server_version.startswith("17")
            await _is_read_by_its_own_major(await _downloaded(job, backup.backup_id))
            await _looked_at(job, backup)
            restore = await job.call(job.gateway.create_restore, job.acceptance.environment_id, backup.backup_id)
            restore = await job.call(job.gateway.wait_for_restore, restore.restore_id, timeout_seconds=WITHIN)
            assert restore.state is RestoreState.COMPLETED, restore.failure
            assert acceptance.run(COUNTED) == told
            assert acceptance.run("SELECT lo_get(4711)") == production.run("SELECT lo_get(4711)")
            assert acceptance.run("SELECT last_value FROM ticket") == production.run("SELECT last_value FROM ticket")
            assert job.places["acceptance"].contents() == documents
        finally:
            execute(
                acceptance.server.model_copy(update={"database": acceptance.name}), f"DROP OWNED BY {production.reader}"
            )
            execute(acceptance.server, f"DROP ROLE {production.reader}")


async def _looked_at(job: MainJob, backup: Backup) -> None:
    """A preflight tells both majors, both sizes, the room and who is in there, and passes."""
    assert backup.database is not None
    acceptance = job.places["acceptance"].database
    session = await connect(acceptance, application="a report")
    asked = await job.call(job.gateway.preflight, job.acceptance.environment_id, backup.backup_id)
    seen = await job.call(job.gateway.wait_for_preflight, asked.preflight_id, timeout_seconds=WITHIN)
    await session.close()
    facts = seen.facts
    assert seen.state == "passed", seen.findings
    assert facts.backup_server_version == backup.database.server_version
    assert facts.server_version == acceptance.run("SHOW server_version").split()[0]
    assert (facts.run_state, facts.open_sessions) == ("stopped", 1)
    assert facts.backup_database_bytes == facts.database_needed_bytes == backup.database.bytes
    assert facts.database_free_bytes is not None
    assert facts.backup_files_bytes is not None
    assert facts.files_needed_bytes is not None
    assert facts.files_free_bytes is not None


async def _downloaded(job: MainJob, backup_id: UUID) -> bytes:
    """A backup's dump, as anybody downloads it."""
    archive = await job.call(job.gateway.create_archive, backup_id, DataType.DATABASE_ONLY)
    archive = await job.call(job.gateway.wait_for_archive, archive.archive_id, timeout_seconds=WITHIN)
    assert archive.url is not None
    async with httpx.AsyncClient() as client:
        return (await client.get(archive.url)).content


async def _is_read_by_its_own_major(dump: bytes) -> None:
    """The dump says that 17 made it, and the `pg_restore` of 17 reads all of it, rows and large objects."""
    assert "Dumped by pg_dump version: 17" in await _restored_by_17(dump, "--list")
    script = await _restored_by_17(dump, "--file=-")
    assert "COPY public.customer" in script
    assert "lo_create('4711')" in script
    assert not re.search("OWNER TO|GRANT", script)


async def _restored_by_17(dump: bytes, how: str) -> str:
    command = [str(installation(SECOND_MAJOR_WHEEL) / "bin" / "pg_restore"), how]
    ran = await asyncio.to_thread(subprocess.run, command, input=dump, capture_output=True, check=True)
    return ran.stdout.decode()
