"""What a backup costs, small and large: time, and memory that must not grow with either.

`NIGHTKEEP_TEST_BENCHMARK=full` takes the sizes of the promise, 2 GB and 200,000 documents, which needs half an hour and
10 GB of disk; without it the same is measured on a tenth of that.
"""

import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from contracts.events.backups import BackupCompleted
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.benchmarks.memory import peak_of
from tests.support.app_databases import AppDatabase, app_database
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase
from tests.support.running_services import Platform, open_platform
from tests.support.snapshotting import Snapshots, open_snapshots

FULL = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
MEGABYTE = 1000 * 1000
ALLOWED_GROWTH = 1.2
ROW_BYTES = 203
"""Of `item`, in an uncompressed dump."""
QUERY = "SELECT id, size FROM document"


@dataclass(frozen=True)
class Size:
    """How large an environment is."""

    database_bytes: int
    documents: int


SMALL = Size(200 * MEGABYTE, 5_000)
LARGE = Size(2_000 * MEGABYTE, 200_000) if FULL else Size(600 * MEGABYTE, 20_000)


def fill(database: AppDatabase, documents: Path, size: Size) -> None:
    """Rows that compress like an app's, and small documents that do not compress at all."""
    rows = size.database_bytes // ROW_BYTES
    database.run(
        "CREATE TABLE document (id uuid PRIMARY KEY, size bigint)",
        "CREATE TABLE item (id bigint PRIMARY KEY, reference uuid, told text, numbers jsonb)",
        f"INSERT INTO item SELECT n, md5(n::text)::uuid, repeat(md5(n::text), 4), NULL FROM {numbers(rows)}",  # noqa: S608 -- a number
        "UPDATE item SET numbers = jsonb_build_object('n', id, 'm', id % 97)",
        f"INSERT INTO document SELECT md5('d' || n)::uuid, 1024 FROM {numbers(size.documents)}",  # noqa: S608 -- a number
    )
    for name in database.run("SELECT id FROM document").splitlines():
        directory = documents / name[:2] / name[2:4]
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(os.urandom(1024))


def numbers(count: int) -> str:
    """Rows from 1 to `count`."""
    return f"generate_series(1, {count}) AS n"


def tell(line: str) -> None:
    """Print what was measured: that is what a benchmark is for."""
    sys.stdout.write(f"{line}\n")


@pytest.fixture
async def store(s3: S3Settings) -> AsyncIterator[S3Settings]:
    """An empty prefix of a bucket."""
    async with fresh_prefix(s3) as (settings, _):
        yield settings


async def measured(platform: Platform, snapshots: Snapshots, size: Size, documents: Path) -> int:
    """Back an environment of this size up twice and print what that took; returns the peak of memory in bytes."""
    with app_database(platform.database.server) as database:
        fill(database, documents, size)
        environment_id = await snapshots.register(database, documents, QUERY)
        assert (await snapshots.checked(environment_id)).passed
        async with peak_of(platform.services["snapshot"].process.pid) as peak:
            for which in ("first", "second"):
                await one_backup(snapshots, environment_id, which)
        tell(f"  peak of memory {peak.bytes / MEGABYTE:.0f} MB")
    return peak.bytes


async def one_backup(snapshots: Snapshots, environment_id: UUID, which: str) -> None:
    """Take one and print it."""
    began = time.monotonic()
    completed = await snapshots.log.about(BackupCompleted, await snapshots.request(environment_id), within_seconds=3600)
    steps = ", ".join(f"{step.step} {step.seconds:.1f} s" for step in completed.steps)
    tell(
        f"  {which}: {time.monotonic() - began:.1f} s for {completed.database.bytes / MEGABYTE:.0f} MB of dump"
        f" (stored {completed.database.stored_bytes / MEGABYTE:.0f} MB) and {completed.files.count} documents"
        f" ({completed.files.new_count} new); {steps}"
    )


@pytest.mark.timeout(7200)
async def test_a_tenfold_environment_takes_hardly_more_memory(
    kafka_settings: KafkaSettings,
    fresh_database: FreshDatabase,
    postgres: PostgresSettings,
    store: S3Settings,
    tmp_path: Path,
) -> None:
    peaks = []
    for number, size in enumerate((SMALL, LARGE)):
        directory = tmp_path / str(number)
        (directory / "documents").mkdir(parents=True)
        tell(f"{size.database_bytes // MEGABYTE} MB of rows, {size.documents} documents")
        apart = store.model_copy(update={"prefix": f"{store.prefix}/{number}"})  # each platform has keys of its own
        async with open_platform(kafka_settings, fresh_database, apart, directory) as platform:
            settings = fresh_database("snapshot")
            async with open_snapshots(kafka_settings, settings, apart, platform.directory) as snapshots:
                await platform.start("snapshot")
                peaks.append(await measured(platform, snapshots, size, directory / "documents"))
    tell(f"growth {peaks[1] / peaks[0]:.2f}")
    assert peaks[1] <= ALLOWED_GROWTH * peaks[0]
