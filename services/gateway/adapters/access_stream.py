"""What is said of somebody's access goes onto the stream of that user, one writer at a time (architecture §2.18)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.envelope import Cause, Event
from contracts.streams import stream
from contracts.topics import PLATFORM_KEY
from services.gateway.settings import SERVICE
from services.platform.database import Connection, load_queries
from services.platform.eventstore.store import Append, EventStore
from services.platform.process.ids import NewId, random_id

_sql = load_queries("services.gateway")


class AccessStream:
    """The streams `gateway/access/<user>`; those of organisations are named by their ids alike."""

    def __init__(self, events: EventStore, new_id: NewId = random_id) -> None:
        self._events = events
        self._new_id = new_id

    async def say(self, c: Connection, user_id: UUID, told: Sequence[tuple[Event, Cause]], *, now: datetime) -> None:
        """Append events, each with its cause, in the caller's transaction."""
        name = stream(SERVICE, "access", user_id)
        await _sql.lock_stream(c, stream=name)
        last = await self._events.last_sequence(c, name)
        appends = [Append(name, [body], cause, PLATFORM_KEY, after) for after, (body, cause) in enumerate(told, last)]
        await self._events.append_all(c, appends, now=now)

    async def say_unasked(self, c: Connection, user_id: UUID, bodies: Sequence[Event], *, now: datetime) -> None:
        """Append events that the gateway says by itself."""
        one = self._new_id()
        cause = Cause(one, one, SERVICE, actor_verified=True)
        await self.say(c, user_id, [(body, cause) for body in bodies], now=now)
