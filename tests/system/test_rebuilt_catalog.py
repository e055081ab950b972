"""Kafka and PostgreSQL are lost: a new platform on the same bucket gets its backups back, and restores them."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from contracts.states import BackupState, RestoreState
from contracts.values import Mode
from services.cli.client import Gateway
from services.cli.exits import Exit
from services.gateway.first_admin import make_first_admin
from services.gateway.resources import Backup, NewApp
from services.platform.messaging.topics import ensure_topics
from services.platform.process.clock import SystemClock
from services.platform.process.ids import random_id
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support.databases import FreshDatabase
from tests.support.main_job import SERVICES, MainJob, described, open_main_job
from tests.support.operator import nightkeep
from tests.support.running_services import Platform, open_platform

pytestmark = pytest.mark.timeout(900)
WITHIN: Final = 120
KEPT: Final = (
    "kind", "created_at", "created_by", "comment", "model_version", "slot_date", "tiers", "expires_at", "windows",
    "policy", "policy_version", "stored_bytes", "restore_point", "finished_at", "database", "files",
)  # fmt: skip
"""What a manifest tells of a backup."""


@pytest.fixture
async def job(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, fresh_bucket: S3Settings, tmp_path: Path
) -> AsyncIterator[MainJob]:
    directory = tmp_path / "lost"
    directory.mkdir()
    async with (
        open_platform(kafka_settings, fresh_database, fresh_bucket, directory) as platform,
        open_main_job(platform, documents=10) as opened,
    ):
        yield opened


async def backed_up(job: MainJob, comment: str) -> Backup:
    asked = await job.call(job.gateway.create_backup, job.production.environment_id, comment)
    ended = await job.call(job.gateway.wait_for_backup, asked.backup_id, timeout_seconds=WITHIN)
    assert ended.state is BackupState.COMPLETED, ended.failure
    return ended


@contextmanager
def another_database(lost: FreshDatabase) -> Iterator[FreshDatabase]:
    """PostgreSQL as it is after a loss: nothing of the first platform is there."""
    fresh = FreshDatabase(lost.server)
    try:
        yield fresh
    finally:
        fresh.drop()


async def test_backups_are_listed_and_restored_by_a_platform_that_has_only_the_bucket(
    job: MainJob, tmp_path: Path
) -> None:
    production, lost = job.places["production"], job.platform
    older = await backed_up(job, "before the release")
    production.put(b"new since the first", uuid4())
    newest = await backed_up(job, "the last one")
    told = production.everything()
    for service in lost.services.values():
        await asyncio.to_thread(service.end)
    directory = tmp_path / "anew"
    directory.mkdir()
    kafka = lost.kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})
    await ensure_topics(kafka)
    with another_database(lost.database) as database:
        async with open_platform(kafka, database, lost.s3, directory) as platform:
            shutil.copy(lost.directory / "repository.key", directory / "repository.key")
            await platform.start(*SERVICES)
            key = await make_first_admin(database("gateway"), "ada", clock=SystemClock(), new_id=random_id)
            with Gateway(platform.gateway_url, "ada", key.text()) as gateway:
                await rebuilt(job, platform, gateway, key.text(), {one.backup_id: one for one in (older, newest)})
                await goes_on(job, gateway, newest, told)


async def rebuilt(job: MainJob, platform: Platform, gateway: Gateway, key: str, lost: dict[Any, Backup]) -> None:
    """The backups are back as they were, once."""
    unregistered = await asyncio.to_thread(nightkeep, platform, key, "repository", "rebuild")
    assert unregistered.exit_code == Exit.FAILED, unregistered.output
    assert f"--id {job.app.app_id}" in unregistered.stdout
    assert f"--id {job.production.environment_id}" in unregistered.stdout
    await asyncio.to_thread(register, job, platform, gateway)
    done = await asyncio.to_thread(nightkeep, platform, key, "repository", "rebuild", "--json")
    assert done.exit_code == Exit.OK, done.output
    [counted] = json.loads(done.stdout)
    assert (counted["backups"], counted["recovered"], counted["not_recovered"]) == (2, 2, [])
    found = list(await job.call(lambda: list(gateway.backups(job.production.environment_id))))
    assert [one.backup_id for one in found] == list(reversed(lost))
    for one in found:
        assert one.state is BackupState.COMPLETED, one.failure
        assert {name: getattr(one, name) for name in KEPT} == {
            name: getattr(lost[one.backup_id], name) for name in KEPT
        }
        explained = await job.call(gateway.explain_backup, one.backup_id)
        assert "ada had its entry made again from its manifest" in explained.sentences[0]
    again = await asyncio.to_thread(nightkeep, platform, key, "repository", "rebuild", "--json")
    assert again.exit_code == Exit.OK, again.output
    assert json.loads(again.stdout)[0]["there_already"] == len(lost)


def register(job: MainJob, platform: Platform, gateway: Gateway) -> None:
    """App and environments as before, under the ids that they had."""
    gateway.register_app(NewApp(name=job.app.name, slug=job.app.slug, app_id=job.app.app_id))
    for known, mode in ((job.production, Mode.PRODUCTION), (job.acceptance, Mode.ACCEPTANCE)):
        place = described(platform, known.name, job.places[known.name], mode)
        gateway.register_environment(job.app.app_id, place.model_copy(update={"environment_id": known.environment_id}))
        check = gateway.wait_for_check(known.environment_id, timeout_seconds=WITHIN)
        assert check.state == "passed", check.findings


async def goes_on(job: MainJob, gateway: Gateway, newest: Backup, told: object) -> None:
    """What was brought back is restored, and the next backup builds upon it."""
    restore = await job.call(gateway.create_restore, job.acceptance.environment_id, newest.backup_id)
    restore = await job.call(gateway.wait_for_restore, restore.restore_id, timeout_seconds=WITHIN)
    assert restore.state is RestoreState.COMPLETED, restore.failure
    assert job.places["acceptance"].everything() == told
    later = await job.call(gateway.create_backup, job.production.environment_id)
    later = await job.call(gateway.wait_for_backup, later.backup_id, timeout_seconds=WITHIN)
    assert later.state is BackupState.COMPLETED, later.failure
    assert later.files is not None
    assert later.files.new_count == 0
