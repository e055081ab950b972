"""Projections may share the log and lose their partitions between poll and commit: the read model is the log's fold."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from contracts.codec import RawRecord
from contracts.defaults import PARTITIONS
from services.catalog.projection.keeper import Projection
from services.platform.database import Connection
from services.platform.messaging.intake import Intake
from services.platform.messaging.records import Place, Received
from services.platform.messaging.topics import partition_of
from tests.support.eventually import eventually
from tests.support.histories import History
from tests.support.holding import Hold
from tests.support.in_process import running
from tests.support.read_models import Reading

MOST = PARTITIONS // 2 + 1
"""So many partitions that one of two cannot keep them all."""


class Rival(Projection):
    """One of two, and what it polled. It is held, once, before it commits what records of most partitions did."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading.database, reading.projection.topic)
        self.hold = Hold()
        self.polled: set[Place] = set()
        self.held: set[Place] = set()

    async def apply(self, records: Sequence[Received]) -> set[int]:
        """What the live projection calls."""
        places = {received.place for received in records}
        self.polled |= places
        if len({place.partition for place in places}) >= MOST:
            self.held = self.held or places
        return await super().apply(records)

    @asynccontextmanager
    async def _turning(self) -> AsyncIterator[tuple[Connection, Intake]]:
        async with super()._turning() as turned:
            yield turned
            if self.held:
                await self.hold.pass_by()


def everywhere() -> list[RawRecord]:
    """A history for each partition: whichever partitions move, there is one in them."""
    histories = {partition_of(str(one.app_id)): one for one in (History() for _ in range(PARTITIONS * 40))}
    assert len(histories) == PARTITIONS
    parts = [(one.registered(), one.backed_up(), one.restored(), one.let_go()) for one in histories.values()]
    return [record for history in parts for part in history for record in part]


async def test_two_that_share_the_log_leave_what_a_replay_makes(reading: Reading) -> None:
    first, second = Rival(reading), Rival(reading)
    second.hold.reached.set()  # nobody holds it

    async def both_have_some() -> bool:
        return not first.held.isdisjoint(second.polled)

    async def first_has_more() -> bool:
        return len(first.polled) > polled

    await reading.put(everywhere())
    async with AsyncExitStack() as stays:
        async with reading.following(first):
            await asyncio.wait_for(first.hold.reached.wait(), timeout=60)
            await stays.enter_async_context(reading.following(second))
            await eventually(both_have_some)
            polled = len(first.polled)
            first.hold.go_on.set()
            await reading.put(everywhere())
            await eventually(first_has_more)
        await stays.enter_async_context(running([reading.replayer.run()]))
        await eventually(reading.caught_up)
    live = await reading.documents()
    await reading.forget()
    await reading.replayer.catch_up()
    assert await reading.documents() == live
