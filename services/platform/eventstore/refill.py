"""Fills a log that was recreated from the event tables, in the order that the lost one had (architecture §2.8)."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, NamedTuple

import structlog

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.database import Connection, Database, load_queries
from services.platform.eventstore.errors import LogNotEmptyError, ServiceRunsError
from services.platform.eventstore.ports import LogReader, Publish
from services.platform.eventstore.relay import relay_lock
from services.platform.process.seams import Seam

BATCH: Final = 500
"""Events a send."""

queries = load_queries("services.platform.eventstore")
log = structlog.get_logger()


class _Published(NamedTuple):
    """An event's place on the lost log, and where it is kept; sorted by these."""

    partition: int
    offset: int
    schema: str
    position: int


class Refill:
    """All services' events, from a database in which an administrator sees every schema; no service may run.

    What was published comes first, in the order of its places on the lost log: so everything about an app is in its
    order again, whoever said it. What was not published yet is left to the relays. Followers begin at the log's begin,
    and know each event by its place in its stream.
    """

    def __init__(self, database: Database, publish: Publish, reader: LogReader) -> None:
        self._database = database
        self._publish = publish
        self._reader = reader

    async def run(self) -> int:
        """Refill; how many events there were.

        The notes of the lost log go only when everything is on the new one: what was broken off begins again, on a
        topic that was recreated once more. The places of all events are held in memory, their bodies a batch at a time.
        Raises LogNotEmptyError, ServiceRunsError, and TransientErrors of the engines.
        """
        async with self._database.transaction() as c:
            schemas = await _schemas(c)
        async with AsyncExitStack() as stack:
            for schema in schemas:
                await self._keep_away(stack, schema)
            return await self._fill(schemas)

    async def _keep_away(self, stack: AsyncExitStack, service: str) -> None:
        """Let no relay of a service begin until the end of `stack`."""
        if await stack.enter_async_context(self._database.locked(relay_lock(service))) is None:
            raise ServiceRunsError(f"the service {service} runs: stop all of them before the log is filled")

    async def _fill(self, schemas: Sequence[str]) -> int:
        ends = await self._reader.ends(Topic.EVENTS)
        if any(ends.values()):
            raise LogNotEmptyError("the log has events already: only an empty one is filled, delete it and begin again")
        events = await self._published(schemas)
        places: list[tuple[int, int]] = []
        for start in range(0, len(events), BATCH):
            places += await self._publish(await self._records(events[start : start + BATCH]))
        async with self._database.transaction(Seam.MARK) as c:
            for schema in schemas:
                await _note(c, schema, events, places)
        log.info("the log was filled from the event tables", events=len(events))
        return len(events)

    async def _published(self, schemas: Sequence[str]) -> Sequence[_Published]:
        """Every event that was on the lost log, by its place there."""
        found: list[_Published] = []
        async with self._database.transaction() as c:
            for schema in schemas:
                await _within(c, schema)
                found += [
                    _Published(row["log_partition"], row["log_offset"], schema, row["position"])
                    async for row in queries.published(c)
                ]
        return sorted(found)

    async def _records(self, events: Sequence[_Published]) -> Sequence[RawRecord]:
        """What was written of these events, in their order."""
        positions: defaultdict[str, list[int]] = defaultdict(list)
        for event in events:
            positions[event.schema].append(event.position)
        found: dict[tuple[str, int], RawRecord] = {}
        async with self._database.transaction() as c:
            for schema, wanted in positions.items():
                await _within(c, schema)
                async for row in queries.at_positions(c, positions=wanted):
                    found[schema, row["position"]] = _record(row)
        return [found[event.schema, event.position] for event in events]


async def _note(c: Connection, schema: str, events: Sequence[_Published], places: Sequence[tuple[int, int]]) -> None:
    """Where a service's events are now; nothing is known any more of the log that was lost."""
    own = [(event.position, *place) for event, place in zip(events, places, strict=True) if event.schema == schema]
    await _within(c, schema)
    await queries.note_places(
        c,
        positions=[position for position, _, _ in own],
        partitions=[partition for _, partition, _ in own],
        offsets=[offset for _, _, offset in own],
    )
    await queries.forget_marks(c)
    await queries.forget_offsets(c)
    await queries.forget_parked(c)


async def _schemas(c: Connection) -> list[str]:
    """Those of every service that has events."""
    return [row["schemaname"] async for row in queries.event_schemas(c)]


async def _within(c: Connection, schema: str) -> None:
    await c.execute("SELECT set_config('search_path', $1, true)", schema)


def _record(row: Any) -> RawRecord:  # noqa: ANN401 -- a row of the driver
    headers = tuple((name, text.encode()) for name, text in row["headers"].items())
    return RawRecord(row["key"].encode(), row["body"].encode(), headers)
