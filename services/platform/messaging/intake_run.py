"""The state of one transaction's intake: positions as they move, and the lanes in which something waits."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from contracts.envelope import Event, Message
from services.platform.database import Connection
from services.platform.eventstore.parked import ParkedRecord, ParkedRecords
from services.platform.eventstore.positions import Position, StreamPositions, Verdict, judge
from services.platform.messaging.arrivals import Arrival, arrival
from services.platform.messaging.errors import LogForkedError
from services.platform.process.errors import PermanentError

React = Callable[[Connection, Message[Event]], Awaitable[None]]
"""What an event does, if anything; a PermanentError leaves nothing of it in the transaction of a careful run."""
log = structlog.get_logger()


class IntakeRun:
    """Deals with one arrival after another inside one transaction; `begin` first, `end` last.

    `careful`: what a reaction raises that is poison leaves nothing behind, and its event waits. Else it is raised.
    """

    def __init__(
        self, c: Connection, react: React, positions: StreamPositions, parked: ParkedRecords, *, careful: bool
    ) -> None:
        self._c = c
        self._react = react
        self._careful = careful
        self._positions = positions
        self._parked = parked
        self._known: dict[str, Position] = {}
        self._moved: dict[str, Position] = {}
        self._blocked: set[str] = set()

    async def begin(self, arrivals: Sequence[Arrival]) -> None:
        """Reads in two queries what all of `arrivals` need."""
        if not arrivals:
            return
        self._known = await self._positions.of(self._c, sorted({item.stream for item in arrivals}))
        self._blocked = await self._parked.lanes(self._c, sorted({item.lane for item in arrivals}))

    async def end(self) -> None:
        """Notes how far the streams have come."""
        if self._moved:
            await self._positions.advance_many(self._c, self._moved)

    async def deal_with(self, item: Arrival) -> None:
        """Its effect, or its place among those that wait. Raises LogForkedError."""
        verdict = await self._judge(item)
        if verdict is Verdict.SEEN:
            return
        if item.lane in self._blocked:
            await self._park(item, "it waits behind another event of its environment")
            await self.drain(item.lane)
        elif verdict is Verdict.EARLY:
            await self._park(item, "events of its stream before it have not come yet")
        else:
            await self._apply(item)

    async def drain(self, lane: str, *, poison_too: bool = False) -> None:
        """Deals with what waits in `lane` as far as it may go now."""
        self._blocked.discard(lane)
        while waiting := await self._parked.waiting(self._c, lane):
            chosen = await self._first_free(waiting, poison_too=poison_too)
            if chosen is None:
                self._blocked.add(lane)
                return
            await self._parked.let_go(self._c, chosen)
            item = _again(chosen)
            if await self._judge(item) is not Verdict.SEEN:
                await self._apply(item)
            if lane in self._blocked:
                return

    async def _first_free(self, waiting: Sequence[ParkedRecord], *, poison_too: bool) -> ParkedRecord | None:
        """The head of a lane, or what fills the gap before it."""
        head = waiting[0]
        if head.poisonous and not poison_too:
            return None
        for parked in waiting:
            same_stream = parked.stream == head.stream
            if same_stream and await self._judge(_again(parked)) is not Verdict.EARLY:
                return parked
        return None

    async def _judge(self, item: Arrival) -> Verdict:
        if item.sequence is None:
            return Verdict.NEXT
        position = self._known.get(item.stream) or await self._position(item.stream)
        verdict = judge(position, item.sequence, item.event_id)
        if verdict is Verdict.PARTED:
            raise LogForkedError(
                f"{item.stream} has another event at {item.sequence} than {item.event_id}, which lies at offset "
                f"{item.offset} of partition {item.partition}: the log and PostgreSQL have parted; nothing is applied"
            )
        return verdict

    async def _position(self, stream: str) -> Position:
        self._known |= await self._positions.of(self._c, [stream])
        return self._known[stream]

    async def _apply(self, item: Arrival) -> None:
        poison = item.problem or await self._poison(item)
        if poison:
            await self._park(item, poison, poisonous=True)
        elif item.sequence is not None:
            self._known[item.stream] = self._moved[item.stream] = Position(item.sequence, item.event_id)

    async def _poison(self, item: Arrival) -> str:
        """Why the event is poison; empty when its reaction went well."""
        try:
            if item.message is not None:
                await self._react(self._c, item.message)
        except PermanentError as error:
            if not self._careful:
                raise
            return error.reason
        return ""

    async def _park(self, item: Arrival, reason: str, *, poisonous: bool = False) -> None:
        self._blocked.add(item.lane)
        await self._parked.park(self._c, item.parked(reason, poisonous=poisonous))
        log.warning(
            "an event waits",
            stream=item.stream,
            sequence=item.sequence,
            lane=item.lane,
            reason=reason,
            poison=poisonous,
        )


def _again(parked: ParkedRecord) -> Arrival:
    return arrival(parked.topic, parked.partition, parked.offset, parked.record)
