"""The outbox's way to the log: one relay per service, in append order, begun again at the first unpublished row."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog
from prometheus_client import Counter

from contracts.codec import RawRecord
from services.platform.database import Database, HeldLock, Notifications, load_queries
from services.platform.eventstore.ports import Publish
from services.platform.eventstore.reach import Reach
from services.platform.eventstore.reconciliation import Reconciliation
from services.platform.eventstore.store import outbox_channel
from services.platform.process.retry import for_ever
from services.platform.process.seams import Seam
from services.platform.process.together import together

BATCH: Final = 500
"""Events a send; large enough that the log's round trip is shared, small enough to hold in memory."""
POLL_SECONDS: Final = 5.0
"""A lost notification delays an event by no more."""
STANDBY_SECONDS: Final = 1.0
"""How often a second process looks whether the relay's place is free."""

PUBLISHED = Counter("nightkeep_events_published", "Events put on the log", ["service"])
queries = load_queries("services.platform.eventstore")
log = structlog.get_logger()


def relay_lock(service: str) -> str:
    """The advisory lock of the one process that publishes a service's events."""
    return f"nightkeep relay {service}"


class OutboxRelay:
    """Publishes what was appended. Every process of a service runs one; the advisory lock lets one of them work."""

    def __init__(
        self, database: Database, service: str, publish: Publish, reconciliation: Reconciliation, reach: Reach
    ) -> None:
        self._database = database
        self._service = service
        self._publish = publish
        self._reconciliation = reconciliation
        self._reach = reach

    async def run(self) -> None:
        """Publish for ever, again after transient errors. Raises SetBackError and LogPartedError: the process ends."""
        async with together() as group:
            group.create_task(for_ever("publish events", self._take_the_place))
            group.create_task(for_ever("ask how far the log goes", self._reach.look))

    async def _take_the_place(self) -> None:
        await self._reconciliation.ensure()
        async with self._database.locked(relay_lock(self._service)) as place:
            if place is None:
                await asyncio.sleep(STANDBY_SECONDS)
                return
            await self._reconciliation.look_again()  # who had the place may have died before it noted what it sent
            async with self._database.listen(outbox_channel(self._service)) as notifications:
                await self._relay(place, notifications)

    async def _relay(self, place: HeldLock, notifications: Notifications) -> None:
        while not place.lost:
            await self._reconciliation.ensure()
            if await self.publish_batch() < BATCH:
                await notifications.wait(POLL_SECONDS)

    async def publish_batch(self) -> int:
        """Publish the oldest unpublished events, note their places, and say how many there were.

        The send is outside any transaction: a place that was not noted is noted when the event is sent again, or by
        the next reconciliation; consumers know the event by its id.
        """
        async with self._database.look() as c:
            rows = [row async for row in queries.unpublished(c, batch=BATCH)]
        if rows:
            so_far = self._reach.so_far()
            places = await self._publish([_record(row) for row in rows])
            self._reach.published(places, so_far)
            await self._note([row["position"] for row in rows], places)
            PUBLISHED.labels(self._service).inc(len(rows))
        return len(rows)

    async def _note(self, positions: list[int], places: Sequence[tuple[int, int]]) -> None:
        async with self._database.transaction(Seam.MARK) as c:
            await queries.mark_published(
                c,
                positions=positions,
                partitions=[partition for partition, _ in places],
                offsets=[offset for _, offset in places],
            )


def _record(row: Any) -> RawRecord:  # noqa: ANN401 -- a row of the driver
    headers = tuple((name, text.encode()) for name, text in row["headers"].items())
    return RawRecord(row["key"].encode(), row["body"].encode(), headers)
