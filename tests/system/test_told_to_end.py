"""A service that is told to end in the middle of its work gives everything back at once: no lease has to end for it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

import pytest
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]  # -- aiokafka has no types

from services.platform.messaging.driver import connection_options
from services.platform.process.settings import KafkaSettings
from tests.soak import works
from tests.soak.world import World
from tests.support.eventually import eventually

pytestmark = pytest.mark.timeout(900)
LEASE: Final = {"NIGHTKEEP_WORKER__LEASE_SECONDS": "600"}
"""Longer than anybody waits here."""


class Middle(NamedTuple):
    """A place in the middle of a work."""

    service: str
    kind: str
    step: str
    work: works.Work


MIDDLES: Final = (
    Middle("snapshot", "backup", "write the manifest", works.backup),
    Middle("restore", "restore", "switch the databases", works.restore),
    Middle("restore", "upload", "read what was sent, to its end", works.upload),
    Middle("gateway", "archive", "read the backup once and make the archive's index", works.archive),
    Middle("retention", "shred", "put tombstones in all manifests' places", works.shredding),
)


@pytest.fixture
async def patient(world: World) -> World:
    """A world whose workers hold their leases for long."""
    names = {one.service for one in MIDDLES}
    for name in names:
        world.platform.own_settings[name] |= LEASE
    await asyncio.gather(*(world.restart(name, signal.SIGTERM) for name in names))
    return world


async def test_work_is_handed_back_at_once_and_ended_once_by_the_next_service(patient: World) -> None:
    for middle in MIDDLES:
        await _told_to_end_in(patient, middle)
    for name, service in patient.platform.services.items():  # also those that have no jobs
        assert await asyncio.to_thread(service.end, signal.SIGTERM) == 0, name
        assert await members(patient.platform.kafka, name) == [], name


async def _told_to_end_in(world: World, middle: Middle) -> None:
    service, doing = world.platform.services[middle.service], middle.work(world)
    await anext(doing)
    world.crash_file(middle.service).write_text(f"stop before step: {middle.step}", encoding="utf-8")
    working = asyncio.create_task(_rest_of(doing))  # it looks at its end whether all happened once
    await eventually(service.is_stopped, within_seconds=works.WITHIN_SECONDS)
    service.process.send_signal(signal.SIGTERM)
    service.process.send_signal(signal.SIGCONT)
    assert await asyncio.to_thread(service.process.wait, 60) == 0, middle
    assert _newest_job(world, middle) == "waiting|0", middle
    assert await members(world.platform.kafka, middle.service) == [], middle
    await world.platform.start(middle.service)
    await asyncio.wait_for(working, works.WITHIN_SECONDS)
    assert _newest_job(world, middle) == "completed|1", middle


async def _rest_of(doing: AsyncIterator[None]) -> None:
    async for _ in doing:
        pass


def _newest_job(world: World, middle: Middle) -> str:
    """Its state, and how many attempts have counted."""
    rows = f"{middle.service}.job WHERE kind = '{middle.kind}' ORDER BY position DESC LIMIT 1"
    return world.known(middle.service, f"SELECT state, attempt FROM {rows}")  # noqa: S608 -- names from here


async def members(kafka: KafkaSettings, service: str) -> Sequence[object]:
    """Who is in the groups of a service. Raises AssertionError when it has none at all."""
    admin = AIOKafkaAdminClient(**connection_options(kafka))
    await admin.start()
    try:
        names = [name for name, *_ in await admin.list_consumer_groups()]
        own = [name for name in names if name.startswith(f"{kafka.topic_prefix}.{service}")]
        assert own
        answers = [await admin.describe_consumer_groups([name]) for name in own]
        return [member for answer in answers for each in answer for group in each.groups for member in group[5]]
    finally:
        await admin.close()
