"""What becomes of a run of events in one transaction: each has its effect once, in order, or waits with its lane."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from prometheus_client import Gauge

from contracts.envelope import Event, Message
from contracts.events.commands import CommandRejected
from services.platform.database import Connection
from services.platform.eventstore.parked import ParkedRecords
from services.platform.eventstore.positions import StreamPositions
from services.platform.messaging.arrivals import Arrival, arrival
from services.platform.messaging.intake_run import IntakeRun
from services.platform.messaging.records import Received

Reaction = Callable[[Connection, Message[Any]], Awaitable[None]]
"""What an event does; in the transaction that also moves position and offset."""
Reactions = Mapping[type[Event], Reaction]
Foresee = Callable[[Sequence[Event]], Awaitable[None]]
"""Reads at once what the reactions to these events will look for."""

WAITING = Gauge("nightkeep_events_waiting", "Events that wait for a missing one, or for a person", ["consumer"])
SHOW_SECONDS: Final = 1.0
"""How often what waits is looked at."""
REFUSALS: Final = "catalog/command/"
"""Streams of refusals: one for each refused command, so a position for each would grow without end."""


class Intake:
    """Applies records of the event topic for one consumer. It opens no connection: who drives it decides when.

    An event seen before is ignored; the same place with another id raises LogForkedError; an event that comes early,
    one that cannot be decoded, and one whose reaction raises PermanentError wait, parked, and everything later of the
    same lane behind them. Whatever else a reaction raises leaves the caller's transaction. Reactions that write nothing
    when they raise (`all_or_nothing`) are spared the savepoint around each; `foresee` hears of all events of a run
    before the first has its effect. Streams that begin with one of `unfollowed` are passed over without a look. So are
    refusals, unless there is a reaction to CommandRejected: it gets each as soon as it is read, whatever else waits,
    and must bear to get one twice.
    """

    def __init__(
        self,
        consumer: str,
        reactions: Reactions,
        *,
        all_or_nothing: bool = False,
        foresee: Foresee | None = None,
        unfollowed: Sequence[str] = (),
    ) -> None:
        self._reactions = reactions
        self._unfollowed = tuple(prefix.encode() for prefix in (*unfollowed, REFUSALS))
        self._all_or_nothing = all_or_nothing
        self._foresee = foresee
        self._positions = StreamPositions(consumer)
        self._parked = ParkedRecords(consumer)

    async def claim(self, c: Connection, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """For each the offset of the first record that was not dealt with; nobody else deals with them meanwhile."""
        return await self._positions.claim_offsets(c, topic, partitions)

    async def next_offsets(self, c: Connection, topic: str) -> dict[int, int]:
        """For each partition the offset of the first record that was not dealt with."""
        return await self._positions.next_offsets(c, topic)

    async def take(
        self, c: Connection, records: Sequence[Received], claimed: Mapping[int, int], *, careful: bool = True
    ) -> dict[int, int]:
        """Deals with `records`, each partition's in order, as far as they are new; returns the next offsets.

        `claimed` is what `claim` said of their partitions in this transaction. Without being `careful` there are no
        savepoints, and the PermanentError of a reaction is raised: take the same records again, in a new transaction.
        """
        fresh = [record for record in records if record.place.offset >= claimed[record.place.partition]]
        followed = [record for record in fresh if not _stream(record).startswith(self._unfollowed)]
        arrivals = [arrival(r.topic, r.place.partition, r.place.offset, r.record) for r in followed]
        await self._deal_with(arrivals, self._run(c, careful=careful))
        if CommandRejected in self._reactions:
            await self._hear_refusals(c, fresh)
        ends = {record.place.partition: record.place.offset + 1 for record in fresh}
        if fresh:
            await self._positions.advance_offsets(c, fresh[0].topic, ends)
        return {record.place.partition: claimed[record.place.partition] for record in records} | ends

    async def retry_parked(self, c: Connection) -> None:
        """Tries what waits once more, poison too: a newer release may understand it."""
        run = self._run(c, careful=True)
        for lane in await self._parked.all_lanes(c):
            await run.drain(lane, poison_too=True)
        await run.end()

    async def show_waiting(self, c: Connection) -> None:
        """Have /metrics say how many events wait, whichever process has parked them."""
        WAITING.labels(self._parked.consumer).set(await self._parked.count(c))

    async def _deal_with(self, arrivals: Sequence[Arrival], run: IntakeRun) -> None:
        await run.begin(arrivals)
        if self._foresee is not None:
            await self._foresee([item.message.body for item in arrivals if item.message])
        for item in arrivals:
            await run.deal_with(item)
        await run.end()

    async def _hear_refusals(self, c: Connection, records: Sequence[Received]) -> None:
        for one in records:
            if _stream(one).startswith(REFUSALS.encode()):
                item = arrival(one.topic, one.place.partition, one.place.offset, one.record)
                if item.message is not None and isinstance(item.message.body, CommandRejected):
                    await self._reactions[CommandRejected](c, item.message)

    def _run(self, c: Connection, *, careful: bool) -> IntakeRun:
        react = partial(self._react, savepoint=careful and not self._all_or_nothing)
        return IntakeRun(c, react, self._positions, self._parked, careful=careful)

    async def _react(self, c: Connection, message: Message[Event], *, savepoint: bool) -> None:
        reaction = self._reactions.get(type(message.body))
        if reaction is None:
            return
        if not savepoint:
            await reaction(c, message)
            return
        async with c.transaction():
            await reaction(c, message)


def _stream(record: Received) -> bytes:
    for name, value in record.record.headers:
        if name == "ce_subject":
            return value
    return b""
