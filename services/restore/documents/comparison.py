"""The backup's documents and the destination's meet in a file of their own: hundreds of thousands in bounded memory."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, ParamSpec, TypeVar

from contracts.manifest import DocumentLine
from services.platform.connectors.files import Entry, Listed, Stray
from services.platform.process.sqlite import insert
from services.restore.documents.difference import EXAMPLES, Difference, What
from services.restore.documents.json_lines import ListUnreadableError

P = ParamSpec("P")
T = TypeVar("T")

BATCH: Final = 1000
Positions = Callable[[Sequence[str]], Awaitable[Sequence[int]]]
"""See EnvironmentRepository.positions."""

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE wanted (place TEXT PRIMARY KEY, size INTEGER NOT NULL, hash TEXT NOT NULL, contents TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE present (place TEXT PRIMARY KEY, size INTEGER NOT NULL, same INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE stray (place TEXT PRIMARY KEY);
CREATE TABLE coming (position INTEGER, place TEXT, PRIMARY KEY (position, place)) WITHOUT ROWID;
CREATE VIEW change AS
    SELECT iif(p.place IS NULL, 'add', 'replace') AS what, w.place, w.size, w.contents
    FROM wanted AS w LEFT JOIN present AS p USING (place) WHERE p.place IS NULL OR NOT p.same
    UNION ALL
    SELECT 'set-aside', p.place, p.size, '[]' FROM present AS p
    WHERE NOT EXISTS (SELECT 1 FROM wanted AS w WHERE w.place = p.place);
"""
_PAIRS: Final = """
SELECT place, w.size, w.hash FROM wanted AS w JOIN present AS p USING (place)
WHERE w.size = p.size AND place > ? ORDER BY place LIMIT ?
"""
_TO_COME: Final = """
SELECT place, w.contents FROM wanted AS w LEFT JOIN present AS p USING (place)
WHERE (p.place IS NULL OR NOT p.same) AND place > ? ORDER BY place LIMIT ?
"""
_COMING: Final = """
SELECT json_object(
    'what', iif(p.place IS NULL, 'add', 'replace'), 'place', w.place, 'size', w.size, 'contents', json(w.contents)
)
FROM coming AS c CROSS JOIN wanted AS w USING (place) LEFT JOIN present AS p USING (place)
ORDER BY c.position, c.place
"""
_GOING: Final = """
SELECT json_object('what', what, 'place', place, 'size', size, 'contents', json(contents))
FROM change WHERE what = 'set-aside'
"""
_SAME: Final = "UPDATE present SET same = 1 WHERE place = ?"
_SUMS: Final = "SELECT what, count(*), coalesce(sum(size), 0) FROM change GROUP BY what"


@dataclass(frozen=True, slots=True)
class Pair:
    """A document of the backup, and one of the same size at its place: only its bytes tell whether it is the same."""

    place: str
    size_bytes: int
    hash: str


class Comparison:
    """See `comparison`. One caller at a time."""

    def __init__(self, connection: sqlite3.Connection, thread: Executor) -> None:
        self._connection = connection
        self._thread = thread

    async def want(self, lines: Sequence[DocumentLine]) -> None:
        """Documents of the backup. Raises ListUnreadableError when one place is named twice."""
        rows = [(line.place, line.size, line.hash, json.dumps(line.contents)) for line in lines]
        try:
            await self._insert("INSERT INTO wanted (:rows)", rows)
        except sqlite3.IntegrityError as error:
            raise ListUnreadableError("the backup's list of documents names one place twice") from error

    async def have(self, entries: Sequence[Entry]) -> None:
        """What is in the destination; seen twice (a listing under way may do that), it counts once."""
        documents = [(entry.place, entry.size_bytes) for entry in entries if isinstance(entry, Listed)]
        strays = [(entry.place,) for entry in entries if isinstance(entry, Stray)]
        await self._insert("INSERT OR REPLACE INTO present (place, size) (:rows)", documents)
        await self._insert("INSERT OR REPLACE INTO stray (:rows)", strays)

    async def pairs(self) -> AsyncGenerator[Pair, None]:
        """Those of equal size, to be looked into."""
        after = ""
        while rows := await self._rows(_PAIRS, after, BATCH):
            for row in rows:
                yield Pair(*row)
            after = rows[-1][0]

    async def same(self, places: Iterable[str]) -> None:
        """These have been looked into, and are the same."""
        rows = [(place,) for place in places]
        await self._run(lambda: self._connection.executemany(_SAME, rows).close())

    async def sizes_agree(self) -> None:
        """Take all of equal size for the same, for an estimate."""
        await self._rows(
            "UPDATE present SET same = 1 WHERE size = (SELECT size FROM wanted AS w WHERE w.place = present.place)"
        )

    async def difference(self) -> Difference:
        """The sums."""
        sums = {What(what): (count, size) for what, count, size in await self._rows(_SUMS)}
        [(count, total)] = await self._rows("SELECT count(*), coalesce(sum(size), 0) FROM wanted")
        [(same,)] = await self._rows("SELECT count(*) FROM present WHERE same")
        [(strays,)] = await self._rows("SELECT count(*) FROM stray")
        examples = await self._rows("SELECT place FROM stray ORDER BY place LIMIT ?", EXAMPLES)
        (added, replaced, aside) = (sums.get(what, (0, 0)) for what in What)
        return Difference(
            count=count,
            bytes=total,
            same_count=same,
            added_count=added[0],
            added_bytes=added[1],
            replaced_count=replaced[0],
            replaced_bytes=replaced[1],
            set_aside_count=aside[0],
            set_aside_bytes=aside[1],
            strays_count=strays,
            strays=tuple(place for (place,) in examples),
        )

    async def changes(self, positions: Positions) -> AsyncGenerator[Sequence[str], None]:
        """What has to be done, each Change as its JSON; what comes is in the order in which its first contents lie."""
        await self._arrange(positions)
        for statement in (_COMING, _GOING):
            async with aclosing(self._changes(statement)) as batches:
                async for batch in batches:
                    yield batch

    async def _arrange(self, positions: Positions) -> None:
        after = ""
        while rows := await self._rows(_TO_COME, after, BATCH):
            places = [place for place, _ in rows]
            found = await positions([next(iter(json.loads(contents)), "") for _, contents in rows])
            await self._insert("INSERT INTO coming (:rows)", list(zip(found, places, strict=True)))
            after = places[-1]

    async def _changes(self, statement: str) -> AsyncGenerator[Sequence[str], None]:
        cursor = await self._run(self._connection.execute, statement)
        try:
            while rows := await self._run(cursor.fetchmany, BATCH):
                yield [line for (line,) in rows]
        finally:
            await self._run(cursor.close)

    async def _insert(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._run(insert, self._connection, statement, rows)

    async def _rows(self, statement: str, *arguments: object) -> list[Any]:
        def select() -> list[Any]:
            return self._connection.execute(statement, arguments).fetchall()

        return await self._run(select)

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*args, **kwargs))


@asynccontextmanager
async def comparison(scratch: Path) -> AsyncIterator[Comparison]:
    """An empty comparison below the scratch directory; gone at the end.

    One thread has the connection: statements are shared, and one that is let go while another thread runs it is lost.
    """
    with (
        TemporaryDirectory(dir=scratch, prefix="documents-", ignore_cleanup_errors=True) as directory,
        closing(sqlite3.connect(Path(directory) / "comparison", check_same_thread=False)) as connection,
        ThreadPoolExecutor(1, thread_name_prefix="comparison") as thread,
    ):
        connection.executescript(_SCHEMA)
        yield Comparison(connection, thread)
