"""Fills a log that was recreated from the event tables, in the order that the lost one had (architecture §2.8)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.database import Connection, Database, load_queries
from services.platform.eventstore.errors import LogNotEmptyError
from services.platform.eventstore.ports import LogReader, Publish
from services.platform.process.seams import Seam

BATCH: Final = 500
"""Events a send."""

queries = load_queries("services.platform.eventstore")
log = structlog.get_logger()


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
        """Refill; how many events there were. Raises LogNotEmptyError, and TransientErrors of the engines.

        The notes of the lost log go only when everything is on the new one: what was broken off begins again, on a
        topic that was recreated once more.
        """
        ends = await self._reader.ends(Topic.EVENTS)
        if any(ends.values()):
            raise LogNotEmptyError("the log has events already: only an empty one is filled, recreate it if this began")
        rows = await self._published()
        places: list[tuple[int, int]] = []
        for start in range(0, len(rows), BATCH):
            places += await self._publish([_record(row) for row in rows[start : start + BATCH]])
        async with self._database.transaction(Seam.MARK) as c:
            for schema in await _schemas(c):
                await _note(c, schema, rows, places)
        log.info("the log was filled from the event tables", events=len(rows))
        return len(rows)

    async def _published(self) -> list[Mapping[str, Any]]:
        """Every event that was on the lost log, by its place there."""
        found: list[Mapping[str, Any]] = []
        async with self._database.transaction() as c:
            for schema in await _schemas(c):
                await _within(c, schema)
                found += [dict(row) | {"schema": schema} async for row in queries.published(c)]
        return sorted(found, key=lambda row: (row["log_partition"], row["log_offset"]))


async def _note(
    c: Connection, schema: str, rows: Sequence[Mapping[str, Any]], places: Sequence[tuple[int, int]]
) -> None:
    """Where a service's events are now; nothing is known any more of the log that was lost."""
    own = [(row["position"], *place) for row, place in zip(rows, places, strict=True) if row["schema"] == schema]
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


def _record(row: Mapping[str, Any]) -> RawRecord:
    headers = tuple((name, text.encode()) for name, text in row["headers"].items())
    return RawRecord(row["key"].encode(), row["body"].encode(), headers)
