"""Before the first decision: whether PostgreSQL still has every event that the log has (architecture §2.1)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.database import Connection, Database, load_queries
from services.platform.eventstore.errors import LogPartedError, SetBackError
from services.platform.eventstore.ports import Logged, LogReader

queries = load_queries("services.platform.eventstore")
log = structlog.get_logger()


@dataclass(frozen=True)
class Noted:
    """The newest record of a partition that this database knows of."""

    offset: int
    event_id: str


class Reconciliation:
    """Knows whether the service may decide: true from a look at the log until a connection to PostgreSQL is lost."""

    def __init__(self, database: Database, service: str, reader: LogReader) -> None:
        self._database = database
        self._source = f"nightkeep/{service}"
        self._reader = reader
        self._looked_at: int | None = None
        self._one_look = asyncio.Lock()

    @property
    def holds(self) -> bool:
        """Nothing was lost since the last look."""
        return self._looked_at == self._database.generation

    async def ensure(self) -> None:
        """Look at the log if nobody has since the last loss: own events that the table has are marked as published.

        Raises SetBackError when the log holds an own event that the table lacks, LogPartedError when the log is not
        the one that was written to. Both end the process: a person decides. Raises a TransientError while Kafka or
        PostgreSQL is away.
        """
        async with self._one_look:
            while not self.holds:
                await self._look()

    async def look_again(self) -> None:
        """Look at the log although nothing was lost: another process may have published meanwhile.

        Raises as `ensure` does.
        """
        async with self._one_look:
            await self._look()

    async def _look(self) -> None:
        generation = self._database.generation
        noted = await self._noted(list(await self._reader.ends(Topic.EVENTS)))
        ends = await self._reader.ends(Topic.EVENTS)  # after the notes: a relay elsewhere goes on writing both
        for partition, end in sorted(ends.items()):
            await self._compare(partition, noted.get(partition), end)
        self._looked_at = generation
        log.info("the log and the event table agree", ends=dict(ends))

    async def _noted(self, partitions: list[int]) -> Mapping[int, Noted]:
        async with self._database.transaction() as c:
            return {
                row["partition"]: Noted(row["log_offset"], row["event_id"])
                async for row in queries.last_noted(c, partitions=partitions)
            }

    async def _compare(self, partition: int, noted: Noted | None, end: int) -> None:
        if noted is not None and end <= noted.offset:
            raise LogPartedError(
                f"partition {partition} of the log ends at {end}, {noted.offset} was noted: the topic was recreated"
            )
        if noted is not None and end == noted.offset + 1:
            return
        first = noted
        async for records in self._reader.read(Topic.EVENTS, partition, noted.offset if noted else 0, end):
            if first is not None:
                _refuse_other_log(first, records[0])
                first = None
            async with self._database.transaction() as c:
                await self._mark(c, partition, records)

    async def _mark(self, c: Connection, partition: int, records: Sequence[Logged]) -> None:
        own = {id_: item for item in records if (id_ := own_event(item.record, self._source)) is not None}
        places = [item.place for item in own.values()]
        found = {
            row["event_id"]
            async for row in queries.mark_found(
                c,
                event_ids=list(own),
                partitions=[place[0] for place in places],
                offsets=[place[1] for place in places],
            )
        }
        _refuse_missing([own[id_] for id_ in own if id_ not in found])
        last = records[-1]
        await queries.mark_log(c, partition=partition, log_offset=last.place[1], event_id=_header(last.record, "ce_id"))


def own_event(record: RawRecord, source: str) -> UUID | None:
    """The event's id when it says that `source` wrote it."""
    if _header(record, "ce_source") != source:
        return None
    try:
        return UUID(_header(record, "ce_id"))
    except ValueError:
        return None


def _header(record: RawRecord, name: str) -> str:
    return dict(record.headers).get(name, b"").decode(errors="replace")


def _refuse_other_log(noted: Noted, first: Logged) -> None:
    found = _header(first.record, "ce_id")
    if (first.place[1], found) != (noted.offset, noted.event_id):
        raise LogPartedError(
            f"partition {first.place[0]} of the log has event {found or 'nothing'} at offset {first.place[1]}, "
            f"{noted.event_id} was noted at {noted.offset}: this is another log"
        )


def _refuse_missing(missing: Sequence[Logged]) -> None:
    if missing:
        first = missing[0]
        raise SetBackError(
            f"the log has {len(missing)} event(s) of this service that the table lacks, the first at partition "
            f"{first.place[0]}, offset {first.place[1]} ({_header(first.record, 'ce_subject')} "
            f"{_header(first.record, 'ce_sequence')}): PostgreSQL was set back. Bring back a newer copy of it; where "
            "there is none, stop all services, delete the event topic, fill it from what is there with `python -m "
            "services.platform.refill`, and have `nightkeep repository rebuild` bring back the backups made since"
        )
