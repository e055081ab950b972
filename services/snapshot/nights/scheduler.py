"""Asks for every environment's nightly backup when it is due; any number of these may run at once."""

from datetime import datetime
from typing import Final

import structlog
from prometheus_client import Gauge

from contracts.codec import RawRecord, encode
from contracts.defaults import NIGHTLY_ANSWER_SECONDS, NIGHTLY_HELD_SECONDS, SCHEDULE_CAP_NIGHTS
from contracts.envelope import Envelope, Message
from contracts.topics import Topic
from services.platform.database import Connection, Database
from services.platform.database.notifications import Notifications
from services.platform.eventstore.store import EventStore
from services.platform.jobs.queue import JobQueue
from services.platform.messaging.producer import Producer
from services.platform.process.clock import Clock
from services.platform.process.retry import for_ever
from services.snapshot.domain.pacing import Pace
from services.snapshot.nights.looking import AT_ONCE, ends_of, look_at_due
from services.snapshot.nights.reactions import tell
from services.snapshot.nights.rows import ACTOR, ASKING, CHANNEL, Keyed, queries

SOURCE: Final = "nightkeep/snapshot"
CLOCK_SECONDS: Final = 0.05
"""How often the business clock is read: it may be moved without anybody saying so."""
LOOKS: Final = 20
"""After so many readings the rows are looked at whatever the clock says: one second."""

UNANSWERED: Final = Gauge("nightkeep_nightly_commands_unanswered", "Nightly commands that the catalog has not answered")
log = structlog.get_logger()


class NightScheduler:
    """Plans, fires and asks; what comes of it is told by NightReactions.

    `pace` says how many commands may be on the topic that the catalog has not answered, so that whoever else asks
    meanwhile is answered soon.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- where nights are kept, how they are asked for, when and how fast
        self,
        database: Database,
        queue: JobQueue,
        events: EventStore,
        producer: Producer,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._database = database
        self._queue = queue
        self._events = events
        self._producer = producer
        self._clock = clock
        self._pace = pace

    async def run(self) -> None:
        """Schedule for ever, again after transient errors."""
        await for_ever("schedule nights", self._take_turns)

    async def turn(self) -> bool:
        """Do what is due by now, as much as one turn may; whether there is more of it right away."""
        looked_at = await self._look(self._clock.now())
        there_is_more = looked_at == AT_ONCE
        await self._ask(self._clock.now(), there_is_more=there_is_more)  # a new time: the lag is counted from it
        return there_is_more

    async def _take_turns(self) -> None:
        async with self._database.listen(CHANNEL) as notifications:
            while True:
                if not await self.turn():
                    await self._rest(notifications)

    async def _look(self, now: datetime) -> int:
        async with self._database.transaction() as c:
            if not await queries.take_turn(c):
                return 0
            await queries.wake_stopped(c, now=now, cap_days=SCHEDULE_CAP_NIGHTS)
            looked = await look_at_due(c, self._events, now)
        for ended in ends_of(looked):
            tell(ended)
        return len(looked)

    async def _ask(self, now: datetime, *, there_is_more: bool) -> None:
        """Note first what is asked for, then ask: what is lost in between is asked for again, under the same id."""
        async with self._database.transaction() as c:
            if not await queries.take_turn(c):
                return
            again = [Keyed.of(row) async for row in queries.ask_again(c, after_seconds=NIGHTLY_ANSWER_SECONDS)]
            unanswered: int = await queries.unanswered(c)
            room = self._pace.room(unanswered)
            new = [Keyed.of(row) async for row in queries.ask(c, now=now, most=room)]
            await self._let_begin(c, all_asked=len(new) < room and not there_is_more)
        UNANSWERED.set(unanswered + len(new))
        if again:
            log.warning("nightly commands without an answer are sent again", count=len(again))
        if again or new:
            await self._producer.send_batch(Topic.COMMANDS, [_record(one) for one in (*again, *new)])

    async def _let_begin(self, c: Connection, *, all_asked: bool) -> None:
        """What was accepted is worked off behind the asking; where that takes long, what has waited long begins."""
        await self._queue.release(c, ASKING, after_seconds=0 if all_asked else NIGHTLY_HELD_SECONDS)

    async def _rest(self, notifications: Notifications) -> None:
        """Until somebody has put something to do, the next instant has come, or a second has passed."""
        next_at = await self._next_instant()
        for _ in range(LOOKS):
            if await notifications.wait(CLOCK_SECONDS) or (next_at is not None and self._clock.now() >= next_at):
                return

    async def _next_instant(self) -> datetime | None:
        async with self._database.transaction() as c:
            next_at: datetime | None = await queries.next_instant(c, now=self._clock.now())
        return next_at


def _record(asked: Keyed) -> RawRecord:
    """The command of the present try: the same bytes whenever it is sent, but for its time."""
    slot = asked.slot
    envelope = Envelope(
        id=slot.command_id,
        source=SOURCE,
        time=slot.asked_at or slot.ask_at,
        key=asked.key,
        correlation_id=slot.command_id,
        actor=ACTOR,
        not_after=slot.not_after,
    )
    return encode(Message(envelope, slot.command()))
