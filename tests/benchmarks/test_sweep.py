"""What a sweep costs: time and memory for 1,000,000 backups of 10,000 environments, and how both grow."""

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.objectstore import DirectoryObjectStore
from services.platform.process.settings import PostgresSettings
from tests.benchmarks.memory import peak_of
from tests.support.databases import FreshDatabase
from tests.support.sweeping import Commands, Sweeps, open_sweeps

PER_ENVIRONMENT: Final = 100
"""One of them has come due: the night of two weeks ago."""
SMALL, LARGE = 100, 10_000
SMALL_ONES: Final = 7
"""A small sweep takes less than a tenth of a second: the median of several is what it costs."""
LINEAR: Final = 1.2
"""What growth may be at most, times linear."""

KNOW: Final = """
INSERT INTO environment (environment_id, key)
SELECT md5(e::text)::uuid, 'app ' || e % 100 FROM generate_series(1, $1::int) AS e
"""
FILL: Final = """
INSERT INTO backup (backup_id, environment_id, key, created_at, expires_at, state, ask_from, round)
SELECT gen_random_uuid(), md5(e::text)::uuid, 'app ' || e % 100, $3::timestamptz - interval '14 days',
    due_at, 'completed', due_at, 1
FROM generate_series(1, $1::int) AS e,
    generate_series(0, $2::int - 1) AS b,
    LATERAL (SELECT $3::timestamptz + make_interval(days => b * 3) AS due_at) AS due
ORDER BY b, e
"""


@dataclass
class Counted(Commands):
    """A command topic that only counts."""

    count: int = 0

    async def send_batch(self, _topic: Topic, records: Sequence[RawRecord]) -> tuple[()]:
        """See Producer."""
        self.count += len(records)
        return ()


@dataclass(frozen=True)
class Cost:
    """What one sweep took."""

    seconds: float
    idle_seconds: float
    grown_bytes: int


async def cost(fresh_database: FreshDatabase, directory: Path, environments: int) -> Cost:
    """Of a sweep in which one backup of each environment is due, until all of them are sent."""
    commands = Counted()
    async with open_sweeps(fresh_database("retention"), DirectoryObjectStore(directory), commands=commands) as sweeps:
        await fill(sweeps, environments)
        async with peak_of(os.getpid()) as before:
            assert (await sweeps.sweep.now()).asked == 0
        sweeps.clock.on(hours=1)
        async with peak_of(os.getpid()) as peak:
            seconds = await timed(sweeps.sweep.now)
            while commands.count < environments:
                await answer(sweeps)
                seconds += await timed(sweeps.asking.send)
        return Cost(seconds, await timed(sweeps.sweep.now), peak.bytes - before.bytes)


async def cost_of(postgres: PostgresSettings, directory: Path, environments: int) -> Cost:
    """That, on a database that goes with it."""
    database = FreshDatabase(postgres)
    try:
        return await cost(database, directory, environments)
    finally:
        database.drop()


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """How many seconds it takes."""
    began = time.monotonic()
    await work()
    return time.monotonic() - began


async def answer(sweeps: Sweeps) -> None:
    """Let the catalog have held all that was sent."""
    async with sweeps.database.transaction() as c:
        await c.execute("UPDATE backup SET waits_for = 'release' WHERE waits_for = 'answer' AND sent_at IS NOT NULL")


async def fill(sweeps: Sweeps, environments: int) -> None:
    """Backups of which each environment's first comes due in an hour, stored night by night, as they come."""
    async with sweeps.database.transaction() as c:
        await c.execute(KNOW, environments)
        await c.execute(FILL, environments, PER_ENVIRONMENT, sweeps.clock.now() + timedelta(hours=1))
        await c.execute("ANALYZE")


@pytest.mark.timeout(1800)
async def test_a_sweep_grows_with_what_there_is(
    postgres: PostgresSettings, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    small_seconds = median([(await cost_of(postgres, tmp_path, SMALL)).seconds for _ in range(SMALL_ONES)])
    large = await cost_of(postgres, tmp_path, LARGE)
    ratio = (large.seconds / small_seconds) / (LARGE / SMALL)
    told = {
        "seconds": round(large.seconds, 2),
        "seconds_small": round(small_seconds, 3),
        "seconds_with_nothing_due": round(large.idle_seconds, 2),
        "times_linear": round(ratio, 2),
        "grown_megabytes": round(large.grown_bytes / 2**20, 1),
    }
    for name, value in told.items():
        record_property(name, value)
    print(f"a sweep over {LARGE * PER_ENVIRONMENT} backups: {told}")  # noqa: T201 -- what a benchmark is for
    assert ratio <= LINEAR
