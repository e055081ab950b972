"""Follows the log: every event has its effect once, in the order of its stream, whatever Kafka delivers."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from contracts.envelope import Event
from contracts.topics import Topic
from services.platform.database import Connection, Database
from services.platform.eventstore.reach import DOUBT_SECONDS, recreated
from services.platform.messaging.consuming import (
    POLL_MS,
    POLL_RECORDS,
    Untold,
    commit,
    group_consumer,
    partitions_of,
)
from services.platform.messaging.driver import ConsumerRebalanceListener, broker_errors
from services.platform.messaging.errors import LogForkedError
from services.platform.messaging.intake import SHOW_SECONDS, Intake, Reaction, Reactions
from services.platform.messaging.records import Received, firsts, received
from services.platform.process.errors import PermanentError
from services.platform.process.retry import for_ever, until_done
from services.platform.process.seams import Seam
from services.platform.process.settings import KafkaSettings
from services.platform.process.together import together as at_once

__all__ = ["EventFollower", "Reaction", "Reactions"]

TOGETHER: Final = 50
"""At most so many records are dealt with in one transaction: who decides about the same apps waits for its end."""
LOOK_SECONDS: Final = 0.1
"""How often a barrier looks whether another instance has moved a partition."""


class Together(Protocol):
    """The reactions of one transaction, where they share what they know: looked up at once, written at the end."""

    def reactions(self) -> Reactions:
        """What each event does; what it changes need not be written yet."""
        ...

    async def look_up(self, bodies: Sequence[Event]) -> None:
        """Read at once what the reactions to these events will look for."""
        ...

    async def write(self) -> None:
        """Write what the reactions have changed."""
        ...


class EventFollower:
    """Reads the event topic from the offsets in PostgreSQL and calls the reaction of every event that has one.

    `name` is the consumer's (for example `snapshot`), the same after a restart. Position, offset and effect commit
    together. An event seen before is ignored; the same place with another id raises LogForkedError out of `run`, and so
    does a topic that ends before what was dealt with; an event that comes early waits, parked, and with it everything
    later of that environment; a reaction that raises PermanentError parks its event as poison, and so does an event
    that cannot be decoded. TransientError: again.
    Streams that begin with one of `unfollowed` (the service's own) are passed over without a look. With `together` the
    reactions of a transaction are its; `reactions` are taken where poison was met, one by one.
    """

    def __init__(  # noqa: PLR0913 -- who follows what, from where, and what that does
        self,
        name: str,
        database: Database,
        settings: KafkaSettings,
        reactions: Reactions,
        *,
        unfollowed: Sequence[str] = (),
        together: Callable[[Connection], Together] | None = None,
    ) -> None:
        self._name = name
        self._unfollowed = unfollowed
        self._together = together
        self._database = database
        self._settings = settings
        self._topic = Topic.EVENTS.named(settings.topic_prefix)
        self._intake = Intake(name, reactions, unfollowed=unfollowed)
        self._agreed: dict[int, int] = {}
        self._moved = asyncio.Condition()
        self._targets: dict[int, int] | None = None

    async def run(self) -> None:
        """Follows until cancelled. Raises LogForkedError."""
        async with at_once() as group:
            group.create_task(for_ever("follow the log", self._follow))
            group.create_task(for_ever("show what waits", self._show_waiting))

    async def caught_up(self, partition: int, offset: int) -> None:
        """Returns when all before `offset` of this partition have been dealt with, by whichever instance."""
        while (await self._next_offsets()).get(partition, 0) < offset:
            try:
                async with asyncio.timeout(LOOK_SECONDS), self._moved:
                    await self._moved.wait()
            except TimeoutError:
                continue

    async def replayed(self) -> bool:
        """Whether everything that was on the log when this follower started has been dealt with: for readiness."""
        if not self._targets:
            return self._targets is not None
        there = await self._next_offsets()
        self._targets = {number: end for number, end in self._targets.items() if there.get(number, 0) < end}
        return not self._targets

    async def _retry_parked(self) -> None:
        async with self._database.transaction() as c:
            await self._intake.retry_parked(c)

    async def _show_waiting(self) -> None:
        while True:
            async with self._database.look() as c:
                await self._intake.show_waiting(c)
            await asyncio.sleep(SHOW_SECONDS)

    async def _follow(self) -> None:
        await self._retry_parked()
        forget = _Forget(self._agreed)
        async with group_consumer(self._settings, self._name, self._topic, listener=forget) as consumer:
            if self._targets is None:
                self._targets = await _ends(consumer, self._topic)
            untold = Untold()
            while True:
                await self._align(consumer)
                with broker_errors("read events"):
                    polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
                records = [received(record) for batch in polled.values() for record in batch]
                await self._refuse_shorter(consumer, firsts(records))
                done: dict[int, int] = {}
                for first in range(0, len(records), TOGETHER):
                    done |= await self._deal_with(records[first : first + TOGETHER])
                reached = {one: done[one.partition] for one in polled if one.partition in done}
                if due := untold.due(reached, time.monotonic()):
                    await commit(consumer, due)

    async def _align(self, consumer: Any) -> None:  # noqa: ANN401 -- aiokafka has no types
        """PostgreSQL knows where a partition goes on, the group only thinks so."""
        new = [place for place in consumer.assignment() if place.partition not in self._agreed]
        stored = await self._next_offsets() if new else {}
        for place in new:
            if place in consumer.assignment():
                self._agreed[place.partition] = stored.get(place.partition, 0)
                consumer.seek(place, self._agreed[place.partition])

    async def _refuse_shorter(self, consumer: Any, begun: Mapping[int, int]) -> None:  # noqa: ANN401 -- aiokafka has no types
        """The driver begins anew where it hears that the topic ends before what it was to go on at."""
        agreed = {one: self._agreed.get(one, 0) for one, first in begun.items() if first < self._agreed.get(one, 0)}
        if not agreed:
            return
        await asyncio.sleep(DOUBT_SECONDS)
        ends = await _ends(consumer, self._topic)
        if reason := recreated({one: ends.get(one, 0) for one in agreed}, agreed):
            raise LogForkedError(reason)

    async def _deal_with(self, records: Sequence[Received]) -> dict[int, int]:
        taken = await until_done("apply events", lambda: self._take(records))
        for partition in firsts(records).keys() - taken.keys():
            self._agreed.pop(partition, None)
        async with self._moved:
            self._moved.notify_all()
        return taken

    async def _take(self, records: Sequence[Received]) -> dict[int, int]:
        """See `_taken`. Poison is rare: only behind one does each event get a savepoint, which costs as much as it."""
        try:
            return await self._taken(records, careful=False)
        except PermanentError:
            return await self._taken(records, careful=True)

    async def _taken(self, records: Sequence[Received], *, careful: bool) -> dict[int, int]:
        """The next offsets; without the partitions whose records are not the ones that follow what was dealt with."""
        begun = firsts(records)
        async with self._database.transaction(Seam.TAKE) as c:
            shared = self._together(c) if self._together and not careful else None
            intake = self._sharing(shared) if shared else self._intake
            stored = await intake.claim(c, self._topic, begun)
            known = {one for one, first in begun.items() if stored[one] in (first, self._agreed.get(one))}
            those = [one for one in records if one.place.partition in known]
            next_offsets = await intake.take(c, those, stored, careful=careful)
            if shared:
                await shared.write()
        for partition in next_offsets.keys() & self._agreed.keys():  # the others: a rebalance happened meanwhile
            self._agreed[partition] = next_offsets[partition]
        return next_offsets

    def _sharing(self, shared: Together) -> Intake:
        return Intake(self._name, shared.reactions(), unfollowed=self._unfollowed, foresee=shared.look_up)

    async def _next_offsets(self) -> dict[int, int]:
        async with self._database.look() as c:
            return await self._intake.next_offsets(c, self._topic)


class _Forget(ConsumerRebalanceListener):  # type: ignore[misc]  # -- aiokafka has no types
    """After a rebalance nothing is known about where a partition goes on."""

    def __init__(self, agreed: dict[int, int]) -> None:
        self._agreed = agreed

    def on_partitions_revoked(self, _revoked: object) -> None:
        """Called by the driver."""
        self._agreed.clear()

    def on_partitions_assigned(self, _assigned: object) -> None:
        """Called by the driver."""
        self._agreed.clear()


async def _ends(consumer: Any, topic: str) -> dict[int, int]:  # noqa: ANN401 -- aiokafka has no types
    partitions = await partitions_of(consumer, topic)
    with broker_errors("ask where the log ends"):
        ends = await consumer.end_offsets(partitions)
    return {place.partition: end for place, end in ends.items() if end}
