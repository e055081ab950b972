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
from tests.support.year.model import ModelBackup, ModelPlace, tiers
from tests.support.year.rhythms import RHYTHMS

NIGHTS = int(os.environ.get("NIGHTKEEP_TEST_NIGHTS", "365"))
"""A year; whoever works on something else may look at fewer."""
NIGHTS_WITH_BYTES = 20
"""Longer than a daily backup is kept."""
SWEEPS_UNTIL_REMOVED = 4
"""Behind the last expiry, each a day and an hour apart: tombstone, condemned, removed, and one more."""
SEED = 20260105
WITHIN = timedelta(minutes=5)
"""Between a sweep's look at the clock and the catalog's."""
ON_THE_WAY = {"BackupPinned", "BackupUnpinned", "ExpiryHeld", "ExpiryReleased"}


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
        for place in year.places.values():
            each_date_had_one_slot(place)
            for backup in place.backups:
                its_life_was_as_it_should_be(year, backup)
        await the_list_shows_what_is_there(year)


def each_date_had_one_slot(place: ModelPlace) -> None:
    days = sorted(place.slots)
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len(days) >= NIGHTS - 1


def its_life_was_as_it_should_be(year: Year, backup: ModelBackup) -> None:
    life = year.seens.lives[backup.backup_id]
    names = [seen.name for seen in life]
    end = "BackupCompleted" if backup.completed else "BackupFailed"
    assert names[:3] == ["BackupRequested", "BackupStarted", end]
    went = names[3:].count("BackupExpired")
    assert went == (backup.went_at is not None)
    assert set(names[3 : len(names) - went]) <= ON_THE_WAY
    assert ("ExpiryHeld" in names) == backup.was_held
    assert life[0].data["tiers"] == tiers(backup.counts_as)
    if backup.went_at is not None:
        told = life[-1].data
        assert datetime.fromisoformat(told["expires_at"]) == backup.expires_at
        assert backup.went_at - WITHIN < datetime.fromisoformat(told["expired_at"]) < backup.went_at + WITHIN


async def the_list_shows_what_is_there(year: Year) -> None:
    living = {str(backup.backup_id) for place in year.places.values() for backup in place.living()}
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
            kept = {backup.backup_id for backup in place.living() if backup.completed}
            await exactly_these_can_be_read(repository.of(environment_id), kept, year.clock.now())
            assert any(backup.went_at for backup in place.backups)


async def exactly_these_can_be_read(repository: EnvironmentRepository, kept: set[UUID], now: datetime) -> None:
    """To the last byte, and nothing is stored that none of them needs."""
    manifests = {verdict.decided.backup_id async for verdict in repository.manifests() if verdict.manifest}
    assert manifests == kept
    report = await repository.check(read_percent=100, seed=1)
    assert report.damages == []
    assert (await repository.condemn(uuid4(), now)).contents == 0
