"""What the sweeps and the jobs of this service work with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from contracts.envelope import Cause, Event
from contracts.streams import stream
from services.platform.database import Connection, Database
from services.platform.eventstore.store import EventStore
from services.platform.process.clock import Clock
from services.platform.repository import Repository

SERVICE: Final = "retention"
TRY_AGAIN_AFTER: Final = timedelta(hours=1)
"""After work on bytes that failed, or that had come too early; by business time. An engine that is away is back by
then, and looking once in an hour costs nothing."""


@dataclass(frozen=True)
class Parts:
    """Made once, by `bootstrap`. `tombstones_stay` is how long a deleted backup's tombstone does.

    `check_every` is what lies between two checks of an environment's stored backups.
    """

    database: Database
    events: EventStore
    repository: Repository
    clock: Clock
    tombstones_stay: timedelta
    check_every: timedelta

    async def say(  # noqa: PLR0913, PLR0917 -- each says one thing about the event
        self, c: Connection, entity: str, entity_id: UUID, body: Event, cause: Cause, key: str
    ) -> None:
        """Append an event to the entity's stream, in the transaction `c`."""
        name = stream(SERVICE, entity, entity_id)
        await self.events.append_next(c, name, [body], cause, key, now=self.clock.now())
