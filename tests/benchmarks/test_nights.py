"""Ten thousand environments due at the same minute, and a thousand that live through nights beside the model.

`NIGHTKEEP_TEST_BENCHMARK=full` takes the sizes of the promise, 10,000 environments and 365 nights of a thousand;
without it the same is measured on a tenth of the environments and on twenty nights of a hundred.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest

from services.platform.database import Database
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.benchmarks.test_backup import tell
from tests.support.asking_user import asking
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.nights import open_stage
from tests.support.running_services import Platform
from tests.support.script import Script, Seen, command_headers
from tests.support.shop import Shop, database
from tests.support.year.driver import BEGINS, open_year
from tests.support.year.rhythms import RHYTHMS

FULL: Final = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
ENVIRONMENTS: Final = 10_000 if FULL else 1_000
PER_APP: Final = 100
ON_THE_TOPIC_SECONDS: Final = 120
ANSWERED_SECONDS: Final = 1.0
YEAR: Final = os.environ.get("NIGHTKEEP_TEST_YEAR", "1000x365" if FULL else "100x20")
"""Environments and nights; whoever looks for what a night costs takes other ones."""
NIGHTS_A_SWEEP: Final = 3
"""A sweep of a thousand environments asks for more than the catalog is asked for at once."""
QUIET_SECONDS: Final = 10
"""So long a user asks before the nights, for comparison."""


@pytest.fixture
async def store(s3: S3Settings) -> AsyncIterator[S3Settings]:
    """An empty prefix of a bucket."""
    async with fresh_prefix(s3) as (settings, _):
        yield settings


async def settled(script: Script, shops: Sequence[Shop], count: int) -> None:
    """Register, deploy and start so many environments, checked by the nights that run beside."""
    ids = [(shops[number % len(shops)], uuid4()) for number in range(count)]
    await send_all(script, "RegisterEnvironment", [(shop, described(shop, one)) for shop, one in ids])
    await until_seen(script, "EnvironmentChecked", count)
    deployed = [(shop, {"environment_id": str(one), "model_version": "7.1.0"}) for shop, one in ids]
    await send_all(script, "DeployPackage", deployed)
    await send_all(script, "StartEnvironment", [(shop, {"environment_id": str(one)}) for shop, one in ids])
    await until_seen(script, "EnvironmentStarted", count)
    await until_seen(script, "SlotPlanned", count)


def described(shop: Shop, environment_id: UUID) -> dict[str, object]:
    """What RegisterEnvironment says; all of them are due at the same minute."""
    place = shop.described(environment_id, f"place {environment_id}") | {"database": database(name="one")}
    return {name: str(value) if isinstance(value, UUID) else value for name, value in place.items()}


async def send_all(script: Script, name: str, commands: Sequence[tuple[Shop, Mapping[str, object]]]) -> None:
    """Put many commands on the topic, and wait for the broker only once in a while."""
    rest = iter(commands)
    while some := list(islice(rest, 500)):
        sends = [
            await script.producer.send(
                f"{script.prefix}.commands",
                json.dumps(data).encode(),
                key=str(shop.app_id).encode(),
                headers=command_headers(name, str(uuid4())),
            )
            for shop, data in some
        ]
        await asyncio.gather(*sends)


async def until_seen(script: Script, name: str, count: int) -> None:
    """Wait until so many events of a name are on the log."""
    reading = _Counting(script, name)

    async def there() -> bool:
        return reading.count() >= count

    await eventually(there, within_seconds=1800)


class _Counting:
    """Counts events of one name without reading any twice."""

    def __init__(self, script: Script, name: str) -> None:
        self._seen: list[Seen] = script.seen
        self._name = name
        self._read = 0
        self._count = 0

    def count(self) -> int:
        """How many there are so far."""
        new = self._seen[self._read :]
        self._read += len(new)
        self._count += sum(1 for seen in new if seen.name == self._name)
        return self._count


ALL_ASKED: Final = """
    SELECT NOT EXISTS (SELECT FROM open_slot WHERE state = 'waiting')
        AND NOT EXISTS (SELECT FROM night WHERE look_at <= '2026-01-05 19:00Z')
"""
"""Whether every slot of the first evening has fired and its command is on the topic."""


async def until_asked(server: PostgresSettings) -> float:
    """The seconds from now until all commands are on the topic."""
    began = time.monotonic()
    database = await Database.open(server)

    async def asked() -> bool:
        async with database.transaction() as c:
            return bool(await c.fetchval(ALL_ASKED))

    await eventually(asked, within_seconds=1800)
    await database.close()
    return time.monotonic() - began


def spread(waits: Sequence[float]) -> str:
    """How long users waited."""
    some = sorted(waits)
    return f"median {some[len(some) // 2]:.2f} s, 95 % within {most(waits):.2f} s, longest {some[-1]:.2f} s"


def most(waits: Sequence[float]) -> float:
    """What 95 % of the waits do not exceed."""
    return sorted(waits)[int(len(waits) * 0.95)]


@asynccontextmanager
async def snapshot_process(platform: Platform, **worker: int) -> AsyncIterator[None]:
    """The snapshot service with quick backups, as a process of its own, until the end of the context."""
    platform.modules["snapshot"] = "tests.support.quick_snapshot"
    platform.own_settings["snapshot"] = {f"NIGHTKEEP_WORKER__{name.upper()}": str(n) for name, n in worker.items()}
    await platform.start("snapshot")
    yield
    await asyncio.to_thread(platform.services["snapshot"].end, signal.SIGTERM)


@pytest.mark.timeout(7200)
async def test_ten_thousand_environments_due_at_the_same_minute(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, store: S3Settings, tmp_path: Path
) -> None:
    async with open_stage(kafka_settings, fresh_database, store, tmp_path, begins=BEGINS) as stage:
        shops = [Shop(stage.script) for _ in range(ENVIRONMENTS // PER_APP)]
        apps = [shop.app_id for shop in shops]
        async with snapshot_process(stage.platform, capacity=8, per_host=8):
            for shop in shops:
                await shop.register()
            await settled(stage.script, shops, ENVIRONMENTS)
            async with asking(kafka_settings, apps, tmp_path / "quiet") as quiet:
                await asyncio.sleep(QUIET_SECONDS)
        async with snapshot_process(stage.platform), asking(kafka_settings, apps, tmp_path / "asked") as waits:
            stage.clock.to(BEGINS.replace(hour=19))
            on_the_topic = await until_asked(stage.settings.postgres)
            await until_seen(stage.script, "BackupRequested", ENVIRONMENTS)
            ended = _Counting(stage.script, "SlotEnded").count()
    tell(
        f"{ENVIRONMENTS} due at once: all commands on the topic after {on_the_topic:.1f} s, {ended} slots ended then; "
        f"{len(await waits)} commands of users in between: {spread(await waits)}; "
        f"{len(await quiet)} before: {spread(await quiet)}"
    )
    assert on_the_topic <= ON_THE_TOPIC_SECONDS
    assert max(await waits) <= ANSWERED_SECONDS


@pytest.mark.timeout(36000)
async def test_many_environments_live_through_nights_as_the_model_says(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, store: S3Settings, tmp_path: Path
) -> None:
    count, how_long = map(int, YEAR.split("x"))
    async with open_year(kafka_settings, fresh_database, store, tmp_path, seed=1) as year:
        year.sweep_every = NIGHTS_A_SWEEP
        await year.settle([RHYTHMS[number % len(RHYTHMS)] for number in range(count)])
        began = time.monotonic()
        await year.live(how_long)
        year.judge_the_living()
        seconds = time.monotonic() - began
    backups = sum(len(place.living) + len(place.gone) for place in year.places.values())
    tell(
        f"{count} environments, {how_long} nights, {backups} backups:"
        f" {seconds:.0f} s, {seconds / how_long:.2f} s a night"
    )
