"""Wires the catalog, readable from top to bottom."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from contracts.topics import Topic
from services.catalog.adapters.desk import SERVICE
from services.catalog.applications import POLICY_CHANGES
from services.catalog.decider import Decider
from services.catalog.endings import GRACE, LEASES
from services.catalog.facts import CONSUMER, Facts, Hearing
from services.catalog.projection.keeper import Projection
from services.catalog.projection.replay import Replayer
from services.catalog.projection.running import RunningProjection
from services.catalog.projection.sharing import Engines, Sharing
from services.catalog.saying import Teller
from services.catalog.settings import CatalogSettings
from services.catalog.timers import Timers
from services.platform.database import Database, migrate, silent_sessions_ended
from services.platform.eventstore.wiring import open_events
from services.platform.messaging.commands import CommandConsumer
from services.platform.messaging.deadletters import DeadLetters
from services.platform.messaging.follower import EventFollower
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.clock import open_clock
from services.platform.process.health import Health
from services.platform.process.service import Task

READ_SCHEMA = "read"


async def bootstrap(stack: AsyncExitStack, settings: CatalogSettings, health: Health) -> Sequence[Task]:
    """Open what the catalog decides with. Raises a TransientError while an engine is not there."""
    clock = open_clock(settings.clock)
    topic = Topic.EVENTS.named(settings.kafka.topic_prefix)
    await ensure_topics(settings.kafka)
    producer = await stack.enter_async_context(Producer.open(settings.kafka))
    reader = await stack.enter_async_context(LogReader.open(settings.kafka))

    database = await Database.open(settings.postgres, schema=SERVICE)
    stack.push_async_callback(database.close)
    await stack.enter_async_context(silent_sessions_ended(database, settings.postgres.silent_seconds))
    store, relay = await open_events(database, SERVICE, partial(producer.send_batch, Topic.EVENTS), reader)
    await migrate(database, "services.catalog", SERVICE)
    await migrate(database, "services.catalog.projection", READ_SCHEMA)

    teller = Teller(store, clock)
    noting = Facts(teller)
    facts = EventFollower(
        CONSUMER,
        database,
        settings.kafka,
        noting.reactions(),
        unfollowed=[f"{SERVICE}/"],
        together=noting.together,
    )
    letters = DeadLetters(producer, service=SERVICE)
    decider = Decider(database, store, letters, Hearing(facts, reader).hear_all, clock, topic=topic)
    projection = Projection(database, topic)
    sharing = Sharing(Engines(settings.kafka, settings.postgres, settings.log, settings.rehearsal))
    replayer = Replayer(projection, reader, sharing)
    reading = RunningProjection(settings.kafka, projection, replayer, scratch=settings.scratch_directory)

    health.ready_when("facts", facts.replayed)
    health.ready_when("read model", reading.caught_up)
    return [
        relay.run(),
        facts.run(),
        CommandConsumer(settings.kafka, group=f"{SERVICE}-commands", handle=decider.decide).run(),
        Timers(database, teller, [GRACE, LEASES, POLICY_CHANGES], topic=topic).run(),
        reading.run(),
    ]
