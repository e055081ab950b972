"""Services and engines come up in any order: who lacks something waits, says for what, and goes on by itself.

Each run takes one order of both, chosen by dice.
"""

import asyncio
import random
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from contracts.states import BackupState
from infra.local.engines.engine import Engine
from infra.local.engines.kafka import Kafka
from infra.local.engines.postgres import Postgres
from infra.local.engines.seaweedfs import DOORS, SeaweedFS
from infra.local.ports import free_port, free_ports
from tests.support.buckets import BUCKET, fresh_prefix
from tests.support.databases import TEMPLATE, FreshDatabase, execute, make_template
from tests.support.dice import SEED, seed
from tests.support.eventually import eventually
from tests.support.local_engines import (
    engine_directory,
    kafka_settings_of,
    postgres_settings_of,
    running,
    s3_settings_of,
)
from tests.support.main_job import SERVICES, run_main_job
from tests.support.running_services import Platform, Service, open_platform

WITHIN_SECONDS: Final = 120
OWNERS: Final = ("snapshot", "restore", "retention")
"""Who writes to the bucket looks first whether it may be relied on; one that is not there is for a person to see to."""
LACKING: Final = {
    "kafka": "Kafka did not let us",
    "postgres": "PostgreSQL is not available",
    "seaweedfs": "object store",
}
"""What is said of an engine that is not there."""


@dataclass
class Absent:
    """Engines whose addresses are known and behind which is nothing, until `come`."""

    kafka: Kafka
    postgres: Postgres
    s3: SeaweedFS
    _there: ExitStack = field(default_factory=ExitStack)

    def in_order(self, dice: random.Random) -> Sequence[Engine]:
        """All of them, in an order by dice."""
        return dice.sample((self.kafka, self.postgres, self.s3), 3)

    async def come(self, engine: Engine) -> None:
        """Start one and return when it answers."""
        await asyncio.to_thread(self._there.enter_context, running(engine))

    async def go(self) -> None:
        """End those that came."""
        await asyncio.to_thread(self._there.close)


@pytest.fixture
async def absent() -> AsyncIterator[Absent]:
    with engine_directory() as one, engine_directory() as two, engine_directory() as three:
        engines = Absent(
            Kafka(one, free_port(), free_port(), password=secrets.token_urlsafe()),
            Postgres(two, free_port(), password=secrets.token_urlsafe(), settings={"fsync": "off"}),
            SeaweedFS(three, tuple(free_ports(len(DOORS))), "nightkeep", secrets.token_urlsafe()),
        )
        yield engines
        await engines.go()


@pytest.mark.timeout(600)
async def test_services_before_engines_wait_and_then_back_up(absent: Absent, tmp_path: Path) -> None:
    dice = random.Random(seed())  # noqa: S311 -- a test's dice
    services, engines = dice.sample(SERVICES, len(SERVICES)), absent.in_order(dice)
    order = f"{SEED}={seed()}: {', '.join([*services, *(one.name for one in engines)])}"
    print(order)  # noqa: T201 -- whoever sees it fail starts in the same order again

    kafka = kafka_settings_of(absent.kafka.address, absent.kafka.password)
    s3 = s3_settings_of(absent.s3.endpoint_url, absent.s3.secret_access_key).model_copy(update={"bucket": BUCKET})
    server = postgres_settings_of(absent.postgres)
    database = FreshDatabase(server, name=f"test_{uuid4().hex}")  # it is named, and made when the server has come
    async with open_platform(kafka, database, s3, tmp_path) as platform, AsyncExitStack() as stack:
        platform.launch(*services)
        await _come(platform, absent, engines)
        await asyncio.gather(*(_ends_without_a_bucket(platform, name) for name in OWNERS))
        await stack.enter_async_context(fresh_prefix(s3))
        platform.launch(*OWNERS)  # as their supervisor does
        await platform.ready(*SERVICES)

        job = await stack.enter_async_context(run_main_job(platform, documents=5))
        asked = await job.call(job.gateway.create_backup, job.production.environment_id)
        ended = await job.call(job.gateway.wait_for_backup, asked.backup_id, timeout_seconds=WITHIN_SECONDS)
        assert ended.state is BackupState.COMPLETED, f"{ended.failure}, {order}"
        assert all(service.process.poll() is None for service in platform.services.values()), order


async def _come(platform: Platform, absent: Absent, engines: Sequence[Engine]) -> None:
    """One engine after the other; each finds those who wait for it, and PostgreSQL has nobody's role at first."""
    server, name = platform.database.server, platform.database.name
    for number, engine in enumerate(engines):
        await _wait_for(platform, engines[number:])
        await absent.come(engine)
        if engine is absent.postgres:
            await _all_wait(platform, "|".join([r"is the setup done\?", *_words(engines[number + 1 :])]))
            await asyncio.to_thread(make_template, server)
            await asyncio.to_thread(execute, server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")


async def _wait_for(platform: Platform, lacking: Sequence[Engine]) -> None:
    """Whoever needs one of these waits for it; who does not is ready."""
    waiting: Sequence[str] = SERVICES
    if [one.name for one in lacking] == ["seaweedfs"]:
        waiting = OWNERS
        await platform.ready(*(name for name in SERVICES if name not in OWNERS))
    await _all_wait(platform, "|".join(_words(lacking)), *waiting)


def _words(lacking: Sequence[Engine]) -> list[str]:
    return [LACKING[one.name] for one in lacking]


async def _all_wait(platform: Platform, reason: str, *names: str) -> None:
    """Each lives, is not ready, and says anew that it will try again, and why; of all, if none is named."""
    for service in (platform.services[name] for name in names or SERVICES):
        seen = len(service.log.read_text(encoding="utf-8"))
        await eventually(lambda one=service, behind=seen: _says(one, behind, reason), within_seconds=WITHIN_SECONDS)  # type: ignore[misc]  # -- bound now
        assert not await service.ready()


async def _ends_without_a_bucket(platform: Platform, name: str) -> None:
    with pytest.raises(RuntimeError, match=r"ended with 1:[\s\S]*NoSuchBucket"):
        await platform.ready(name)


async def _says(service: Service, behind: int, reason: str) -> bool:
    """Raises RuntimeError with its log when it has ended."""
    await service.ready()
    new = service.log.read_text(encoding="utf-8")[behind:].splitlines()
    return any("will try again" in line and re.search(reason, line) for line in new)
