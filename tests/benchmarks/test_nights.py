"""Ten thousand environments due at the same minute, and a thousand that live through nights beside the model.

`NIGHTKEEP_TEST_BENCHMARK=full` takes the sizes of the promise, 10,000 environments and 365 nights of a thousand;
without it the same is measured on a tenth of the environments and on twenty nights of a hundred.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.benchmarks.test_backup import tell
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase, execute
from tests.support.eventually import eventually
from tests.support.gateway import NO_S3
from tests.support.moved_clock import MovedBy
from tests.support.running_services import open_platform
from tests.support.script import Script, Seen, command_headers, open_script
from tests.support.shop import Shop, database
from tests.support.year.driver import BEGINS, RHYTHMS, open_year
from tests.support.year.services import NightSettings, nights

FULL: Final = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
ENVIRONMENTS: Final = 10_000 if FULL else 1_000
PER_APP: Final = 100
ON_THE_TOPIC_SECONDS: Final = 120
ANSWERED_SECONDS: Final = 1.0
YEAR: Final = (1_000, 365) if FULL else (100, 20)
"""Environments and nights."""


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


async def answered(script: Script, shop: Shop) -> float:
    """The seconds until a user's command is answered."""
    command_id, first, began = str(uuid4()), len(script.seen), time.monotonic()
    data = {"app_id": str(shop.app_id), "name": f"Shop {command_id}"}
    await script.send("UpdateApp", data, key=shop.app_id, command_id=command_id)

    async def there() -> bool:
        nonlocal first
        new, first = script.seen[first:], len(script.seen)
        return any(seen.headers["ce_causationid"] == command_id for seen in new)

    await eventually(there, within_seconds=300)
    return time.monotonic() - began


async def all_asked(server: PostgresSettings) -> bool:
    """Whether every slot has fired and its command is on the topic."""
    waiting = "(SELECT count(*) FROM open_slot WHERE state = 'waiting')"
    fired = "(SELECT count(*) FROM event WHERE stream LIKE 'snapshot/slot/%.2026-01-06')"
    return await asyncio.to_thread(execute, server, f"SELECT {waiting} = 0 AND {fired} = {ENVIRONMENTS}") == "t"


async def the_hour(script: Script, shops: Sequence[Shop], server: PostgresSettings) -> tuple[float, list[float]]:
    """From the due minute to the last acceptance: the seconds until all commands were on the topic, users' waits."""
    began, on_the_topic, waits = time.monotonic(), None, list[float]()
    accepted = _Counting(script, "BackupRequested")
    while accepted.count() < ENVIRONMENTS:
        waits.append(await answered(script, shops[len(waits) % len(shops)]))
        if on_the_topic is None and await all_asked(server):
            on_the_topic = time.monotonic() - began
    return on_the_topic or time.monotonic() - began, sorted(waits)


@pytest.mark.timeout(7200)
async def test_ten_thousand_environments_due_at_the_same_minute(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    clock = MovedBy(tmp_path / "moved-by")
    clock.to(BEGINS)
    async with open_platform(kafka_settings, fresh_database, NO_S3, tmp_path) as platform:
        platform.settings["NIGHTKEEP_CLOCK__MOVED_BY_FILE"] = str(clock.path)
        await platform.start("catalog")
        settings = NightSettings(platform, clock).of("snapshot")
        async with open_script(kafka_settings) as script, nights(settings, lambda *_: False):
            shops = [Shop(script) for _ in range(ENVIRONMENTS // PER_APP)]
            for shop in shops:
                await shop.register()
            await settled(script, shops, ENVIRONMENTS)
            began = time.monotonic()
            clock.to(BEGINS.replace(hour=19))
            on_the_topic, waits = await the_hour(script, shops, settings.postgres)
            await until_seen(script, "SlotEnded", ENVIRONMENTS)
            most = waits[int(len(waits) * 0.95)]
            tell(
                f"{ENVIRONMENTS} due at once: all commands on the topic after {on_the_topic:.1f} s, "
                f"all slots ended after {time.monotonic() - began:.1f} s; {len(waits)} commands of users in between: "
                f"median {waits[len(waits) // 2]:.2f} s, 95 % within {most:.2f} s, longest {waits[-1]:.2f} s"
            )
            assert on_the_topic <= ON_THE_TOPIC_SECONDS
            assert most <= ANSWERED_SECONDS


@pytest.mark.timeout(36000)
async def test_many_environments_live_through_nights_as_the_model_says(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, store: S3Settings, tmp_path: Path
) -> None:
    count, how_long = YEAR
    async with open_year(kafka_settings, fresh_database, store, tmp_path, seed=1) as year:
        await year.settle([RHYTHMS[number % len(RHYTHMS)] for number in range(count)])
        began = time.monotonic()
        await year.live(how_long)
        seconds = time.monotonic() - began
    backups = sum(len(place.backups) for place in year.places.values())
    tell(
        f"{count} environments, {how_long} nights, {backups} backups:"
        f" {seconds:.0f} s, {seconds / how_long:.2f} s a night"
    )
