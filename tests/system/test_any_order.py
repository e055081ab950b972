"""Services and engines come up in any order: who lacks something waits, says for what, and goes on by itself."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
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


@dataclass
class Absent:
    """Engines whose addresses are known and behind which is nothing, until `come`."""

    kafka: Kafka
    postgres: Postgres
    s3: SeaweedFS
    _there: ExitStack = field(default_factory=ExitStack)

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
    kafka = kafka_settings_of(absent.kafka.address, absent.kafka.password)
    s3 = s3_settings_of(absent.s3.endpoint_url, absent.s3.secret_access_key).model_copy(update={"bucket": BUCKET})
    server = postgres_settings_of(absent.postgres)
    database = FreshDatabase(server, name=f"test_{uuid4().hex}")  # it is named, and made when the server has come
    async with open_platform(kafka, database, s3, tmp_path) as platform, AsyncExitStack() as stack:
        platform.launch(*reversed(SERVICES))
        await _all_wait(platform, r"PostgreSQL is not available|Kafka did not let us")
        await absent.come(absent.kafka)
        await _all_wait(platform, r"PostgreSQL is not available")

        await absent.come(absent.postgres)
        await _all_wait(platform, r"is the setup done\?")
        await asyncio.to_thread(make_template, server)
        await asyncio.to_thread(execute, server, f"CREATE DATABASE {database.name} TEMPLATE {TEMPLATE}")
        await platform.ready(*(name for name in SERVICES if name not in OWNERS))
        await _all_wait(platform, r"object store", *OWNERS)  # which is all that lacks

        await absent.come(absent.s3)
        await asyncio.gather(*(_ends_without_a_bucket(platform, name) for name in OWNERS))
        await stack.enter_async_context(fresh_prefix(s3))
        platform.launch(*OWNERS)  # as their supervisor does
        await platform.ready(*SERVICES)

        job = await stack.enter_async_context(run_main_job(platform, documents=5))
        asked = await job.call(job.gateway.create_backup, job.production.environment_id)
        ended = await job.call(job.gateway.wait_for_backup, asked.backup_id, timeout_seconds=WITHIN_SECONDS)
        assert ended.state is BackupState.COMPLETED, ended.failure
        assert all(service.process.poll() is None for service in platform.services.values())


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
