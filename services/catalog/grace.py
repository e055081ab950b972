"""The catalog's clock: says when a restore cannot be undone any more (spec: environments, "The restore", step 7)."""

import asyncio
from typing import Final
from uuid import UUID

from contracts.envelope import Cause
from contracts.streams import stream
from services.catalog.adapters.desk import SERVICE, Desk, queries
from services.catalog.domain.decide.restores import end_grace
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.restore import Restore
from services.catalog.facts import CONSUMER
from services.platform.database import Connection, Database
from services.platform.eventstore.store import EventStore
from services.platform.messaging.topics import partition_of
from services.platform.process.clock import Clock
from services.platform.process.retry import for_ever

LOOK_SECONDS: Final = 5.0
"""What was replaced may stay a little longer; a decision never waits for this clock, it looks at the time itself."""
ACTOR: Final = "clock"


class GraceClock:
    """Looks every few seconds which graces have ended by the business clock. Any number may run at once."""

    def __init__(self, database: Database, store: EventStore, clock: Clock, *, topic: str) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._topic = topic

    async def run(self) -> None:
        """Look until cancelled."""
        await for_ever("end graces", self._look_and_wait)

    async def look(self) -> None:
        """Say RestoreGraceEnded of every restore whose time is over and that is not being undone."""
        async with self._database.transaction() as c:
            over = [row async for row in queries.undoable_restores(c, now=self._clock.now())]
        for row in over:
            async with self._database.transaction() as c:
                await self._end(c, row["id"], row["app_id"])

    async def _look_and_wait(self) -> None:
        await self.look()
        await asyncio.sleep(LOOK_SECONDS)

    async def _end(self, c: Connection, restore_id: UUID, app_id: UUID) -> None:
        await queries.hold_partitions(c, consumer=CONSUMER, topic=self._topic, partitions=[partition_of(str(app_id))])
        desk, own, now = Desk(c), stream(SERVICE, "restore", restore_id), self._clock.now()
        restore = await desk.find(Restore, restore_id)
        environment = await desk.find(Environment, restore.environment_id) if restore else None
        event = end_grace(restore, environment, now=now) if restore else None
        if event is None:
            return
        place = desk.place(own)
        await desk.apply(event, own)
        await self._store.append(c, own, [event], await _origin(c, own), str(app_id), after=place, now=now)
        await desk.write()


async def _origin(c: Connection, own: str) -> Cause:
    """Time has no message: what follows from it follows from the event that began the restore."""
    began = await queries.origin_of(c, stream=own)
    return Cause(UUID(began["correlation_id"]), began["event_id"], ACTOR)
