"""Says what follows from a fact or from the time alone: in the catalog's own streams, folded into its own rows."""

from collections.abc import Sequence
from datetime import datetime

from contracts.envelope import Cause, Event
from contracts.streams import stream
from services.catalog.adapters.desk import KINDS, SERVICE, Desk
from services.catalog.domain.state.aggregate import Aggregate
from services.platform.eventstore.store import EventStore
from services.platform.process.clock import Clock


class Teller:
    """Appends the catalog's events that no command asked for."""

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def now(self) -> datetime:
        """The business time."""
        return self._clock.now()

    async def say(self, desk: Desk, row: Aggregate, events: Sequence[Event], cause: Cause) -> None:
        """Fold `events` and append them to the stream of `row`, which `desk` has looked at."""
        if not events:
            return
        kind = KINDS[type(row)]
        own = stream(SERVICE, kind.name, getattr(row, kind.id_field))
        place = desk.place(own)
        for event in events:
            await desk.apply(event, own)
        await self._store.append(desk.c, own, events, cause, str(row.app_id), after=place, now=self._clock.now())
