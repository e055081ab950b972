"""A log that was recreated is filled from the event tables: everything is there again, in its order, once."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.database import Database
from services.platform.eventstore.errors import LogNotEmptyError, LogPartedError, ServiceRunsError
from services.platform.eventstore.refill import BATCH, Refill
from services.platform.eventstore.relay import relay_lock
from services.platform.eventstore.wiring import open_events
from services.platform.messaging.topics import ensure_topics
from services.platform.process.errors import TransientError
from services.platform.process.settings import KafkaSettings
from tests.support.databases import FreshDatabase
from tests.support.event_log import InMemoryEventLog
from tests.support.event_store import OwnEvents
from tests.support.eventually import eventually
from tests.support.lost_log import lose_the_log, refilled
from tests.support.running_services import Platform, open_catalog
from tests.support.script import open_script
from tests.support.shop import Shop

TWO = ("catalog", "snapshot")


@pytest.fixture
async def two(fresh_database: FreshDatabase) -> AsyncIterator[list[OwnEvents]]:
    """Two services that write to one log."""
    log = InMemoryEventLog()
    async with AsyncExitStack() as stack:
        owns = []
        for name in TWO:
            database = await Database.open(fresh_database(name), schema=name)
            stack.push_async_callback(database.close)
            store, relay = await open_events(database, name, log.publish, log)
            owns.append(OwnEvents(database, store, relay, log))
        yield owns


async def test_two_services_are_in_their_order_again_and_nobody_misses_anything(
    two: list[OwnEvents], fresh_database: FreshDatabase
) -> None:
    for number in range(3):
        for name, own in zip(TWO, two, strict=True):
            await own.append(f"{name}/app/{number}", 2)
            await own.publish_all()
    (waiting,) = await two[0].append("catalog/app/not-published")
    before = [one.record for one in sorted(two[0].log.written, key=lambda one: one.place)]
    two[0].log.written.clear()

    administrator = await Database.open(fresh_database(), schema="public")
    try:
        assert await Refill(administrator, two[0].log.publish, two[0].log).run() == len(before)
        after = [one.record for one in sorted(two[0].log.written, key=lambda one: one.place)]
        assert after == before
        for own in two:
            await own.look_again().ensure()
        await two[0].publish_all()
        assert dict(two[0].log.written[-1].record.headers)["ce_id"] == str(waiting.envelope.id).encode()
        with pytest.raises(LogNotEmptyError):
            await Refill(administrator, two[0].log.publish, two[0].log).run()
    finally:
        await administrator.close()


async def test_what_was_broken_off_begins_again_on_a_topic_that_was_recreated(
    two: list[OwnEvents], fresh_database: FreshDatabase
) -> None:
    own, _ = two
    await own.append("catalog/app/0", BATCH + 1)
    await own.publish_all()
    before = [*own.log.written]
    own.log.written.clear()
    administrator = await Database.open(fresh_database(), schema="public")
    try:
        refill = Refill(administrator, own.log.publish, own.log)
        own.log.lose_after = BATCH // 2
        with pytest.raises(TransientError):
            await refill.run()
        with pytest.raises(LogPartedError):
            await own.look_again().ensure()  # nobody decides on half a log
        with pytest.raises(LogNotEmptyError, match="delete it and begin again"):
            await refill.run()
        own.log.written.clear()
        assert await refill.run() == BATCH + 1
    finally:
        await administrator.close()
    assert own.log.written == before
    await own.look_again().ensure()


async def test_while_a_service_publishes_nothing_is_filled(two: list[OwnEvents], fresh_database: FreshDatabase) -> None:
    await two[0].append("catalog/app/0", BATCH + 1)
    await two[0].publish_all()
    two[0].log.written.clear()
    administrator = await Database.open(fresh_database(), schema="public")
    try:
        refill = Refill(administrator, two[0].log.publish, two[0].log)
        async with two[1].database.locked(relay_lock("snapshot")):
            with pytest.raises(ServiceRunsError, match="snapshot runs"):
                await refill.run()
            assert not two[0].log.written
        assert await refill.run() == BATCH + 1
    finally:
        await administrator.close()


@pytest.fixture
async def catalog(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, tmp_path: Path
) -> AsyncIterator[Platform]:
    async with open_catalog(kafka_settings, fresh_database, tmp_path) as platform:
        yield platform


@pytest.mark.parametrize("meanwhile", ["it is down", "it runs", "it decides"])
async def test_a_recreated_topic_stops_the_catalog_until_one_command_has_filled_it(
    catalog: Platform, meanwhile: str
) -> None:
    async with open_script(catalog.kafka) as script:
        shop = Shop(script)
        await shop.register()
        environment_id = await shop.environment(checked=False)
    running = catalog.services["catalog"]
    if meanwhile == "it is down":
        running.end()
    if meanwhile == "it decides":
        running.process.send_signal(signal.SIGSTOP)  # it finds the command and the loss at the same time
    await lose_the_log(catalog.kafka)
    if meanwhile != "it is down":
        await ensure_topics(catalog.kafka)
        if meanwhile == "it decides":
            async with open_script(catalog.kafka) as script:
                told = {"environment_id": str(environment_id), "model_version": "7.1.0"}
                await script.send("DeployPackage", told, key=shop.app_id)
            running.process.send_signal(signal.SIGCONT)
        assert await asyncio.to_thread(running.process.wait, timeout=240) == 1
        assert "the topic was recreated" in running.log.read_text()
    if meanwhile == "it decides":
        assert refilled(catalog) == 1, "something is there already"
        await lose_the_log(catalog.kafka)

    with pytest.raises(RuntimeError, match="the topic was recreated"):
        await catalog.start("catalog")
    assert refilled(catalog) == 0
    await catalog.start("catalog")

    async with open_script(catalog.kafka) as script:
        again = Shop(script, shop.app_id)
        names = {"AppRegistered", "EnvironmentRegistered"} | (
            {"PackageDeployed"} if meanwhile == "it decides" else set()
        )
        await eventually(lambda: there(again, names))
        deployed = await again.ask("DeployPackage", environment_id=environment_id, model_version="7.2.0")
        assert deployed.name == "PackageDeployed", deployed.data
        assert len([one for one in script.seen if one.name == "EnvironmentRegistered"]) == 1
        known = await again.ask("RegisterApp", app_id=shop.app_id, name="Shop", slug=f"shop-{uuid4().hex[:8]}")
        assert known.name == "CommandRejected"


async def there(shop: Shop, names: set[str]) -> bool:
    return names <= {one.name for one in shop.script.seen}
