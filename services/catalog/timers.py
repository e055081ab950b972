"""What the catalog says by itself because time has passed; no decision waits for it, each looks at the time itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.envelope import Cause
from contracts.streams import stream
from services.catalog.adapters.desk import SERVICE, Desk, queries
from services.catalog.facts import CONSUMER
from services.catalog.saying import Teller
from services.platform.database import Connection, Database
from services.platform.messaging.topics import partition_of
from services.platform.process.retry import for_ever
from services.platform.process.seams import Seam

LOOK_SECONDS: Final = 5.0
ACTOR: Final = "clock"


@dataclass(frozen=True)
class Timer:
    """`due` finds rows (id, app_id) whose time has come; `ring` says what follows of one of them, if it still does.

    `ring` answers whether there is more to say of the same row, in a transaction of its own.
    """

    entity: str
    due: Callable[[Connection, datetime], AsyncIterator[Any]]
    ring: Callable[[Desk, Teller, UUID, Cause], Awaitable[bool]]


class Timers:
    """Looks every few seconds what has become due. Any number may run at once.

    `topic` is the event topic's full name: its partitions are those of the apps.
    """

    def __init__(self, database: Database, teller: Teller, timers: Sequence[Timer], *, topic: str) -> None:
        self._database = database
        self._teller = teller
        self._timers = timers
        self._topic = topic

    async def run(self) -> None:
        """Look until cancelled."""
        await for_ever("look what has become due", self._look_and_wait)

    async def look(self) -> None:
        """Say what has become due, each in a transaction of its own."""
        for timer in self._timers:
            async with self._database.transaction() as c:
                due = [row async for row in timer.due(c, self._teller.now())]
            for row in due:
                while await self._ring(timer, row["id"], row["app_id"]):
                    pass

    async def _look_and_wait(self) -> None:
        await self.look()
        await asyncio.sleep(LOOK_SECONDS)

    async def _ring(self, timer: Timer, entity_id: UUID, app_id: UUID) -> bool:
        partitions = [partition_of(str(app_id))]
        async with self._database.transaction(Seam.RING) as c:
            await queries.hold_partitions(c, consumer=CONSUMER, topic=self._topic, partitions=partitions)
            desk = Desk(c)
            cause = await _origin(c, stream(SERVICE, timer.entity, entity_id))
            more = await timer.ring(desk, self._teller, entity_id, cause)
            await desk.write()
        return more


async def _origin(c: Connection, own: str) -> Cause:
    """Time has no message: what follows from it follows from the event that began the stream."""
    began = await queries.origin_of(c, stream=own)
    return Cause(UUID(began["correlation_id"]), began["event_id"], ACTOR)
