"""Nights on end: every backup is there exactly as long as it should be, with its reason (spec: retention)."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase, execute
from tests.support.eventually import eventually
from tests.support.year.driver import RHYTHMS, Year, open_year
from tests.support.year.model import ModelBackup, ModelPlace, tiers

NIGHTS = int(os.environ.get("NIGHTKEEP_TEST_NIGHTS", "120"))
"""Four months pass every daily and weekly window in minutes; 365 takes a quarter of an hour on two busy cores."""
SEED = 20260105
WITHIN = timedelta(minutes=5)
"""Between a sweep's look at the clock and the catalog's."""
ON_THE_WAY = {"BackupPinned", "BackupUnpinned", "ExpiryHeld", "ExpiryReleased"}


@pytest.mark.timeout(1800)
async def test_nights_on_end_leave_exactly_what_the_rules_say(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, s3: S3Settings, tmp_path: Path
) -> None:
    async with (
        fresh_prefix(s3) as (store, _),
        open_year(kafka_settings, fresh_database, store, tmp_path, seed=SEED) as year,
    ):
        year.sweep_every = 3
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
