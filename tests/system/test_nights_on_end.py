"""Nights on end: every backup is there exactly as long as it should be, with its reason (spec: retention)."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.platform.objectstore import DirectoryObjectStore
from services.platform.process.settings import KafkaSettings, S3Settings
from services.platform.repository import EnvironmentRepository, RepositoryV2
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase, execute
from tests.support.eventually import eventually
from tests.support.year.driver import Year, open_year
from tests.support.year.model import ModelPlace
from tests.support.year.rhythms import RHYTHMS

NIGHTS = int(os.environ.get("NIGHTKEEP_TEST_NIGHTS", "365"))
"""A year; whoever works on something else may look at fewer."""
NIGHTS_WITH_BYTES = 20
"""Longer than a daily backup is kept."""
SWEEPS_UNTIL_REMOVED = 4
"""Behind the last expiry, each a day and an hour apart: tombstone, condemned, removed, and one more."""
SEED = 20260105


@pytest.mark.timeout(3600)
async def test_nights_on_end_leave_exactly_what_the_rules_say(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, s3: S3Settings, tmp_path: Path
) -> None:
    async with (
        fresh_prefix(s3) as (store, _),
        open_year(kafka_settings, fresh_database, store, tmp_path, seed=SEED) as year,
    ):
        year.sweep_every = 6
        await year.settle(RHYTHMS)
        await year.live(NIGHTS)
        year.judge_the_living()
        for place in year.places.values():
            each_date_had_one_slot(place)
        await the_list_shows_what_is_there(year)


def each_date_had_one_slot(place: ModelPlace) -> None:
    days = sorted(place.slots)
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len(days) >= NIGHTS - 1


async def the_list_shows_what_is_there(year: Year) -> None:
    living = {str(backup.backup_id) for place in year.places.values() for backup in place.living}
    listed = "SELECT backup_id FROM read.backup WHERE state IN ('queued', 'running', 'completed', 'failed')"

    async def the_same() -> bool:
        return set(execute(year.platform.database("catalog"), listed).splitlines()) == living

    await eventually(the_same, within_seconds=60)


@pytest.mark.timeout(1800)
async def test_the_bytes_of_what_went_are_gone_and_all_others_are_there(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, s3: S3Settings, tmp_path: Path
) -> None:
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    repository = RepositoryV2(DirectoryObjectStore(bucket), bytes(range(32)))
    async with (
        fresh_prefix(s3) as (store, _),
        open_year(kafka_settings, fresh_database, store, tmp_path, seed=SEED, repository=repository) as year,
    ):
        await year.settle(RHYTHMS[2:4])
        await year.live(NIGHTS_WITH_BYTES)
        quiet = 0
        while quiet < SWEEPS_UNTIL_REMOVED:
            quiet = 0 if await year.rest(hours=25) else quiet + 1
        for environment_id, place in year.places.items():
            kept = {backup.backup_id for backup in place.living if backup.completed}
            await exactly_these_can_be_read(repository.of(environment_id), kept, year.clock.now())
            assert place.gone


async def exactly_these_can_be_read(repository: EnvironmentRepository, kept: set[UUID], now: datetime) -> None:
    """To the last byte, and nothing is stored that none of them needs."""
    manifests = {verdict.decided.backup_id async for verdict in repository.manifests() if verdict.manifest}
    assert manifests == kept
    report = await repository.check(read_percent=100, seed=1)
    assert report.damages == []
    assert (await repository.condemn(uuid4(), now)).contents == 0
