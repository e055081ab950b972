"""The scratch file: SQLite, in a thread of its own."""

import asyncio
import sqlite3
from bisect import bisect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import aiosql

from contracts.manifest import DocumentLine
from services.platform.connectors.database import Reference
from services.platform.connectors.files import Listed, apart
from services.platform.process.sqlite import insert
from services.snapshot.domain.sightings import EXAMPLES, Sightings
from services.snapshot.scratch import rows as made
from services.snapshot.scratch.parts import Parts
from services.snapshot.scratch.rows import Row, Stored, ToRead

BATCH: Final = 1000
FIRST: Final = b""
"""Sorts before every id."""
LAST: Final = b"\xff" * 17
"""Sorts behind every id."""

queries: Any = aiosql.from_path(Path(__file__).with_name("scratch.sql"), "sqlite3")
T = TypeVar("T")


@dataclass(frozen=True)
class Numbers:
    """Documents in the backup, and those of them that are not, like this, in the previous one."""

    count: int
    bytes: int
    new_count: int
    new_bytes: int


class Scratch:
    """The lists of one attempt at a backup."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread
        self._failure: sqlite3.Error | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, directory: Path) -> AsyncIterator["Scratch"]:
        """New, empty lists in a file in `directory`, for as long as the context lasts."""
        with ThreadPoolExecutor(1, "scratch") as thread:
            loop = asyncio.get_running_loop()
            connection = await loop.run_in_executor(thread, _created, directory / "lists.sqlite")
            try:
                yield cls(connection, thread)
            finally:
                await loop.run_in_executor(thread, connection.close)

    async def add_listed(self, documents: Sequence[Listed]) -> list[str]:
        """Keep what the listing saw; returns the places that are left out, since another has the same UUID."""
        return await self._run(partial(_add_listed, documents=documents))

    async def add_previous(self, lines: Sequence[tuple[DocumentLine, str]]) -> list[str]:
        """Keep a part of the previous backup's list; returns the state of each one's directory, if it has one."""
        stamps = [apart(line.stamp) for line, _ in lines]
        rows = [
            made.previous_row(line, text, stamp, in_known=bool(state))
            for (line, text), (stamp, state) in zip(lines, stamps, strict=True)
        ]
        await self._add(queries.add_previous, rows)
        return [state for _, state in stamps]

    async def add_referenced(self, references: Sequence[Reference]) -> None:
        """Keep a part of what the rows refer to; a document that is named twice counts once."""
        await self._add(queries.add_referenced, [made.referenced_row(one) for one in references])

    async def add_stored(self, documents: Sequence[Stored]) -> None:
        """Keep what was read and where it is stored."""
        await self._add(queries.add_stored, [document.row() for document in documents])

    async def keep(self, unchanged: Sequence[str]) -> Sightings:
        """Take what the previous list has in directories that were not listed, since nothing came or went there.

        What of it had changed shortly before it was listed is to be read once more. Nothing else of it is read: where
        everything must be, no directory counts as unchanged (Source.trusts_directories). Returns what is not in the
        backup, since it is elsewhere as well.
        """
        await self._add(queries.add_unchanged, [(place,) for place in sorted(unchanged)])
        moved = await self._rows(queries.moved, count=EXAMPLES)
        count = await self._run(queries.moved_count)
        await self._run(queries.leave_out_moved)
        await self._run(queries.list_unsettled)
        await self._run(queries.keep_no_listed)
        return Sightings(count, [row[0] for row in moved])

    async def adopt_unchanged(self) -> None:
        """Take the contents of documents that were listed and are unchanged from the previous list."""
        await self._run(queries.adopt_unchanged)

    async def to_read_totals(self) -> tuple[int, int]:
        """How many documents must be read, and their bytes."""
        count, size_bytes = await self._run(queries.to_read_totals)
        return count, size_bytes

    async def to_read(self) -> AsyncIterator[ToRead]:
        """Every document that must be read, by id."""
        async for rows in self._batches(queries.to_read):
            for row in rows:
                yield ToRead.of(row)

    async def take_from_previous(self, document_id: bytes) -> bool:
        """Put a vanished document in as the previous backup has it; False when that has it not."""
        return bool(await self._run(partial(queries.take_from_previous, id=document_id)))

    async def numbers(self) -> Numbers:
        """What the backup holds."""
        kept_count, kept_bytes = await self._run(queries.kept_numbers)
        count, size_bytes, *new = await self._run(queries.stored_numbers)
        return Numbers(count + kept_count, size_bytes + kept_bytes, *new)

    async def lines(self, *, proven: bool) -> AsyncIterator[bytes]:
        """The list of documents as JSON lines, by id, in parts that stay the same where nothing changes."""
        parts, after = Parts(), FIRST
        async for rows in self._batches(queries.kept_lines):
            kept, upto = [(row[0], made.kept_line(row, proven=proven)) for row in rows], rows[-1][0]
            async for stored in self._stored_lines(after, upto, proven=proven):
                before = bisect(kept, stored[-1])
                for part in parts.add(sorted(kept[:before] + stored)):
                    yield part
                kept = kept[before:]
            for part in parts.add(kept):
                yield part
            after = upto
        async for stored in self._stored_lines(after, LAST, proven=proven):
            for part in parts.add(stored):
                yield part
        for part in parts.rest():
            yield part

    async def _stored_lines(
        self, after: bytes, upto: bytes, *, proven: bool
    ) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        async for rows in self._batches(queries.stored_lines, after, upto=upto):
            yield [(row[0], made.document_line(row, proven=proven)) for row in rows]

    async def dangling_lines(self) -> AsyncIterator[bytes]:
        """The list of dangling references as JSON lines, by id, in such parts too."""
        parts = Parts()
        async for rows in self._batches(queries.dangling):
            for part in parts.add((row[0], made.dangling_line(row)) for row in rows):
                yield part
        for part in parts.rest():
            yield part

    async def dangling(self) -> Sightings:
        """References to what is not in the backup."""
        return await self._sightings(queries.dangling_count, partial(queries.dangling, after=FIRST))

    async def orphans(self) -> Sightings:
        """Documents that nothing refers to."""
        return await self._sightings(queries.orphan_count, queries.orphans)

    async def other_sizes(self) -> Sightings:
        """Documents whose size is not the referenced one."""
        return await self._sightings(queries.other_size_count, queries.other_sizes)

    async def unnoticed(self) -> Sightings:
        """Documents that were read, and are not what their stamp promised."""
        return await self._sightings(queries.unnoticed_count, queries.unnoticed)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Behind an error the file is as it may be: who comes later hears of the error, and not of what it left."""
        if self._failure:
            raise self._failure
        try:
            return work(self._connection)
        except sqlite3.Error as error:
            self._failure = error
            raise

    async def _add(self, query: Any, rows: Sequence[Row]) -> None:  # noqa: ANN401 -- aiosql's functions have no types
        await self._run(partial(_add, statement=query.sql, rows=rows))

    async def _rows(self, query: Any, **parameters: object) -> list[Row]:  # noqa: ANN401 -- see above
        return await self._run(lambda c: list(query(c, **parameters)))

    async def _batches(self, query: Any, after: bytes = FIRST, **parameters: object) -> AsyncIterator[list[Row]]:  # noqa: ANN401 -- see above
        while rows := await self._rows(query, after=after, count=BATCH, **parameters):
            yield rows
            after = rows[-1][0]

    async def _sightings(self, count: Any, few: Any) -> Sightings:  # noqa: ANN401 -- see above
        examples = [str(UUID(bytes=row[0])) for row in await self._rows(few, count=EXAMPLES)]
        return Sightings(await self._run(count), examples)


def _created(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    queries.create_tables(connection)
    return connection


def _add_listed(connection: sqlite3.Connection, documents: Sequence[Listed]) -> list[str]:
    rows = [made.listed_row(one) for one in documents]
    with _together(connection):
        before = connection.total_changes
        insert(connection, queries.add_listed.sql, rows)
        if connection.total_changes - before == len(rows):
            return []
        left_out = (_left_out(connection, row) for row in rows)
        return [place for place in left_out if place is not None]


def _left_out(connection: sqlite3.Connection, row: Row) -> str | None:
    """The place that is left out, if one of this id was there."""
    document_id, place, *_ = row
    there: str = queries.listed_place(connection, id=document_id)
    if there == place:
        return None
    if there < place:
        return str(place)
    insert(connection, queries.replace_listed.sql, [row])
    return there


def _add(connection: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    with _together(connection):
        insert(connection, statement, rows)


@contextmanager
def _together(connection: sqlite3.Connection) -> Iterator[None]:
    """One write of the file for many rows. An error needs no rollback: it ends the attempt, and the file with it."""
    connection.execute("BEGIN")
    yield
    connection.execute("COMMIT")
