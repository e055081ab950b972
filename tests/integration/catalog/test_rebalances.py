"""A catalog may lose its partitions between poll, decision and commit: each command has exactly one outcome."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from uuid import uuid4

import pytest

from contracts.defaults import PARTITIONS
from contracts.topics import Topic
from services.catalog.adapters.desk import SERVICE
from services.catalog.decider import Decider
from services.catalog.facts import CONSUMER, Facts, Hearing
from services.catalog.saying import Teller
from services.platform.database import Database, migrate
from services.platform.eventstore.wiring import open_events
from services.platform.messaging.commands import CommandConsumer
from services.platform.messaging.deadletters import DeadLetters
from services.platform.messaging.follower import EventFollower
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.records import Place, Received
from services.platform.messaging.topics import ensure_topics, partition_of
from services.platform.process.clock import SystemClock
from services.platform.process.settings import KafkaSettings
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.holding import Hold
from tests.support.in_process import running
from tests.support.script import Script, open_script

Held = Literal["before it decides", "after it has decided", "nowhere"]


@dataclass
class Catalog:
    """One instance that decides; held where a test wants it, and what it polled."""

    decider: Decider
    held: Held
    hold: Hold = field(default_factory=Hold)
    polled: set[Place] = field(default_factory=set)
    decided: set[Place] = field(default_factory=set)

    async def decide(self, poll: Sequence[Received]) -> None:
        """What the consumer calls."""
        places = {received.place for received in poll}
        self.polled |= places
        if self.held == "before it decides":
            await self.hold.pass_by()
        await self.decider.decide(poll)
        self.decided |= places
        if self.held == "after it has decided":
            await self.hold.pass_by()

    def consumer(self, settings: KafkaSettings) -> CommandConsumer:
        """A member of the catalogs' group."""
        return CommandConsumer(settings, group=f"{SERVICE}-commands", handle=self.decide)


@pytest.fixture
async def decider(kafka_settings: KafkaSettings, fresh_database: FreshDatabase) -> AsyncIterator[Decider]:
    """What all instances decide with, while what they need runs beside it."""
    await ensure_topics(kafka_settings)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(Producer.open(kafka_settings))
        reader = await stack.enter_async_context(LogReader.open(kafka_settings))
        database = await Database.open(fresh_database(SERVICE), schema=SERVICE)
        stack.push_async_callback(database.close)
        store, relay = await open_events(database, SERVICE, partial(producer.send_batch, Topic.EVENTS), reader)
        await migrate(database, "services.catalog", SERVICE)
        reactions = Facts(Teller(store, clock)).reactions()
        facts = EventFollower(CONSUMER, database, kafka_settings, reactions, unfollowed=[f"{SERVICE}/"])
        await stack.enter_async_context(running([relay.run(), facts.run()]))
        letters = DeadLetters(producer, service=SERVICE)
        topic = Topic.EVENTS.named(kafka_settings.topic_prefix)
        yield Decider(database, store, letters, Hearing(facts, reader).hear_all, clock, topic=topic)


@pytest.fixture
async def script(kafka_settings: KafkaSettings, decider: Decider) -> AsyncIterator[Script]:
    """A script with nothing but a Kafka client."""
    async with open_script(kafka_settings) as opened:
        yield opened


async def ask_everywhere(script: Script) -> list[str]:
    """A new app and the same app again, which is refused, for each partition: whichever move, there is work in them."""
    keys = {partition_of(str(one)): one for one in (uuid4() for _ in range(PARTITIONS * 40))}
    assert len(keys) == PARTITIONS
    apps = [{"app_id": str(one), "name": "Shop", "slug": f"shop-{one.hex[:12]}"} for one in keys.values()]
    return [await script.send("RegisterApp", app, key=app["app_id"]) for app in apps for _ in range(2)]


@pytest.mark.parametrize(
    ("held", "rival_held"),
    [
        ("before it decides", "nowhere"),
        ("before it decides", "before it decides"),
        ("after it has decided", "nowhere"),
    ],
    ids=["it decides last", "both decide at once", "it has decided"],
)
async def test_a_command_that_two_catalogs_polled_has_exactly_one_outcome(
    kafka_settings: KafkaSettings, decider: Decider, script: Script, held: Held, rival_held: Held
) -> None:
    first, rival = Catalog(decider, held), Catalog(decider, rival_held)

    async def rival_has_them_too() -> bool:
        return not first.polled.isdisjoint(rival.decided if rival_held == "nowhere" else rival.polled)

    sent = await ask_everywhere(script)
    async with running([first.consumer(kafka_settings).run()]):
        await first.hold.reached.wait()
        async with running([rival.consumer(kafka_settings).run()]):
            await eventually(rival_has_them_too)
            first.hold.go_on.set()
            rival.hold.go_on.set()
            sent += await ask_everywhere(script)
            outcomes = [(await script.outcome(command_id)).name for command_id in sent]
    assert outcomes == ["AppRegistered", "CommandRejected"] * (2 * PARTITIONS)
    assert [len(script.events_caused_by(command_id)) for command_id in sent] == [1] * len(sent)
