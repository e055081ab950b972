"""How far the read model is behind the log, and behind who asks, while commands come steadily."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest

from contracts.topics import Topic
from services.catalog.projection.keeper import READ_MODEL_MOVED, Projection
from services.platform.database import Database
from services.platform.messaging.reading import LogReader
from services.platform.messaging.records import Place
from tests.support.eventually import eventually
from tests.support.running_services import Platform
from tests.support.script import Script, command_headers, open_script
from tests.support.shop import Shop

COMMANDS_A_SECOND = 500
SECONDS = 20
APPS = 24
PAUSE_SECONDS = 0.01

Looks = list[tuple[float, Mapping[int, int]]]
"""When the read model was looked at, and how far it was in each partition."""


class Told(NamedTuple):
    """An event on the log: when it was put there, and by which command."""

    place: Place
    at: float
    command_id: str


@pytest.mark.timeout(600)
async def test_the_read_model_follows_a_steady_stream_of_commands(
    catalog: Platform, record_property: Callable[[str, object], None]
) -> None:
    async with AsyncExitStack() as stack:
        script = await stack.enter_async_context(open_script(catalog.kafka))
        shops = [Shop(script) for _ in range(APPS)]
        for shop in shops:
            await shop.register()
        environments = [await shop.environment(checked=False) for shop in shops]
        reader = await stack.enter_async_context(LogReader.open(catalog.kafka))
        looks = await stack.enter_async_context(_watched(catalog))
        began = time.time()
        sent = await _sent_steadily(script, shops, environments)
        record_property("commands_per_second", round(len(sent) / (time.time() - began)))
        events = await _all_told(reader, sent)
        seen = await _seen(looks, events)
    _record(record_property, "lag_behind_the_log", [seen[one.place] - one.at for one in events])
    _record(record_property, "lag_behind_the_command", [seen[one.place] - sent[one.command_id] for one in events])


async def _sent_steadily(script: Script, shops: list[Shop], environments: list[UUID]) -> dict[str, float]:
    """The commands' ids and when each was sent; who falls behind catches up, so that as many are sent."""
    sent: dict[str, float] = {}
    sends: list[asyncio.Future[object]] = []
    began = time.time()
    while len(sent) < COMMANDS_A_SECOND * SECONDS:
        due = min(int((time.time() - began) * COMMANDS_A_SECOND) + 1, COMMANDS_A_SECOND * SECONDS)
        for number in range(len(sent), due):
            command_id, app = str(uuid4()), number % APPS
            sent[command_id] = time.time()
            sends.append(
                await script.producer.send(
                    f"{script.prefix}.commands",
                    json.dumps({"environment_id": str(environments[app]), "model_version": f"7.{number}"}).encode(),
                    key=str(shops[app].app_id).encode(),
                    headers=command_headers("DeployPackage", command_id),
                )
            )
        await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.gather(*sends)
    return sent


@asynccontextmanager
async def _watched(catalog: Platform) -> AsyncIterator[Looks]:
    """How far the read model is whenever it says that it has moved."""
    looks: Looks = []
    database = await Database.open(catalog.database("catalog"))
    projection = Projection(database, f"{catalog.kafka.topic_prefix}.events")

    async def watch() -> None:
        async with database.listen(READ_MODEL_MOVED) as notifications:
            while True:
                await notifications.wait(1)
                offsets = await projection.next_offsets()
                looks.append((time.time(), offsets))

    watching = asyncio.create_task(watch())
    try:
        yield looks
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await database.close()


async def _all_told(reader: LogReader, sent: Mapping[str, float]) -> list[Told]:
    """What the commands have led to, once every one of them has."""

    async def look() -> list[Told] | None:
        found = [one for one in await _told(reader) if one.command_id in sent]
        return found if {one.command_id for one in found} == sent.keys() else None

    events = await eventually(look, within_seconds=120)
    assert events is not None
    return events


async def _told(reader: LogReader) -> list[Told]:
    found: list[Told] = []
    for partition, end in (await reader.ends(Topic.EVENTS)).items():
        async for records in reader.read(Topic.EVENTS, partition, 0, end):
            for one in records:
                headers = dict(one.record.headers)
                found.append(Told(one.place, one.at.timestamp(), headers["ce_causationid"].decode()))
    return found


async def _seen(looks: Looks, events: list[Told]) -> dict[Place, float]:
    """When each event was first seen to be in the read model."""
    ends = {one.place.partition: one.place.offset for one in sorted(events)}

    async def all_there() -> bool:
        return bool(looks) and all(looks[-1][1].get(partition, 0) > end for partition, end in ends.items())

    await eventually(all_there, within_seconds=120)
    seen: dict[Place, float] = {}
    before: Mapping[int, int] = {}
    for at, offsets in looks:
        for partition, end in offsets.items():
            seen |= {Place(partition, offset): at for offset in range(before.get(partition, 0), end)}
        before = offsets
    return seen


def _record(record_property: Callable[[str, object], None], name: str, lags: list[float]) -> None:
    shares = statistics.quantiles(lags, n=100)
    record_property(f"{name}_p50_ms", round(shares[49] * 1000, 1))
    record_property(f"{name}_p99_ms", round(shares[98] * 1000, 1))
