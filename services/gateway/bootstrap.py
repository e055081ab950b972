"""Wires the gateway, readable from top to bottom."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from services.gateway.adapters.authentication import Authenticator
from services.gateway.adapters.changes import Changes
from services.gateway.adapters.dead_letters import DeadLetterBox
from services.gateway.adapters.decisions import Decisions
from services.gateway.adapters.outcomes import OutcomeWatch
from services.gateway.adapters.read_model import ReadModel
from services.gateway.adapters.tide import Tide
from services.gateway.application import make_application
from services.gateway.parts import Parts
from services.gateway.settings import GatewayServiceSettings
from services.platform.database import Database, migrate
from services.platform.messaging.producer import Producer
from services.platform.messaging.progress import ProgressTail
from services.platform.messaging.topics import ensure_topics
from services.platform.process.clock import SystemClock
from services.platform.process.health import Health
from services.platform.process.http import serve
from services.platform.process.service import Task

SCHEMA = "gateway"


async def bootstrap(stack: AsyncExitStack, settings: GatewayServiceSettings, health: Health) -> Sequence[Task]:
    """Open what the gateway works with. Raises a TransientError while an engine or the read model is not there."""
    database = await Database.open(settings.postgres, schema=SCHEMA)
    stack.push_async_callback(database.close)
    await migrate(database, "services.gateway", SCHEMA)
    read_model = ReadModel(database)
    await read_model.must_be_there()

    await ensure_topics(settings.kafka)
    producer = await stack.enter_async_context(Producer.open(settings.kafka))
    progress = await stack.enter_async_context(ProgressTail.open(settings.kafka))

    outcomes = OutcomeWatch(database)
    tide = Tide(database, patience_seconds=settings.gateway.read_your_writes_seconds)
    parts = Parts(
        authenticator=Authenticator(database, time.monotonic),
        changes=Changes(Decisions(producer, outcomes, SystemClock()), tide),
        read_model=read_model,
        tide=tide,
        progress=progress,
        dead_letters=DeadLetterBox(settings.kafka),
        health=health,
    )
    health.ready_when("read model", read_model.is_there)
    application = make_application(parts, public_url=settings.gateway.public_url)
    return [
        outcomes.run(),
        tide.run(),
        serve(application, settings.gateway.host, settings.gateway.port),
        _set_at_the_end(parts.closing),
    ]


async def _set_at_the_end(closing: asyncio.Event) -> None:
    """Event streams end when the process is asked to, instead of holding it up."""
    try:
        await asyncio.Event().wait()
    finally:
        closing.set()
