"""Wires the retention service, readable from top to bottom."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from services.platform.foundation import Foundation
from services.platform.messaging.follower import EventFollower
from services.platform.process.health import Health
from services.platform.process.service import Task
from services.platform.process.settings import Settings

SERVICE = "retention"


async def bootstrap(stack: AsyncExitStack, settings: Settings, health: Health) -> Sequence[Task]:
    """Open what the service follows the log with. Raises a TransientError while an engine is not there."""
    ground = await Foundation.open(stack, settings, SERVICE)
    follower = EventFollower(SERVICE, ground.database, settings.kafka, {})
    health.ready_when("log followed", follower.replayed)
    return [ground.relay.run(), follower.run()]
