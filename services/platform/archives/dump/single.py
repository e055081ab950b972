"""One table out of a stored dump: a small dump that `pg_restore` reads, with its definition and its rows.

As with `pg_restore -t`, indexes, constraints and privileges are left out. A dump that was written into a pipe does not
tell where a table's rows are, so it is read from its begin up to their end, content by content.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from contracts.manifest import DatabasePart
from services.platform.archives.dump.blocks import BEGIN, Block, Item, Place, encode, read_slice
from services.platform.archives.dump.head import Entry, Head, read_head
from services.platform.archives.dump.tables import described
from services.platform.archives.errors import DamagedDumpError
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository

DATA: Final = b"TABLE DATA"
OF_A_TABLE: Final = (b"TABLE", DATA)
OF_EVERY_DUMP: Final = (b"ENCODING", b"STDSTRINGS", b"SEARCHPATH")
"""Without them texts and names would be read in another way."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a dump; `bytes` are its rows' as text, where they were counted."""

    schema: str
    name: str
    bytes: int | None = None


class StoredDump:
    """A stored dump, read as far as is needed."""

    def __init__(self, repository: EnvironmentRepository, database: DatabasePart, workshop: Workshop) -> None:
        self._repository = repository
        self._database = database
        self._workshop = workshop

    async def tables(self, *, sizes: bool = False) -> Sequence[Table]:
        """Every table, by schema and name. With `sizes` the whole dump is read. Raises the DumpError tree."""
        async with aclosing(self._slices()) as slices:
            head, data = await anext(slices)
            found = [entry for entry in head.entries if entry.kind == b"TABLE"]
            counted = await self._sizes(head, data, slices) if sizes else {}
        return sorted((_table(entry, counted) for entry in found), key=lambda one: (one.schema, one.name))

    async def _sizes(self, head: Head, data: bytes, slices: AsyncIterator[tuple[Head, bytes]]) -> dict[str, int]:
        names = {entry.dump_id: described(entry).name for entry in head.entries if entry.kind == DATA}
        count, place = _Count(), BEGIN
        place = await self._workshop.do(count.add, place, data)
        async for _, following in slices:
            place = await self._workshop.do(count.add, place, following)
        return {names[dump_id]: size for dump_id, size in count.sizes.items() if dump_id in names}

    async def dump_of(self, schema: str, name: str) -> AsyncGenerator[bytes, None]:
        """The small dump. Raises the DumpError tree, and what reading contents raises."""
        async with aclosing(self._slices()) as slices:
            head, data = await anext(slices)
            kept = [entry for entry in head.entries if _belongs(entry, schema, name)]
            small = replace(head, entries=tuple(kept))
            wanted = small.with_data
            yield small.rewritten(dict.fromkeys(wanted, small.rewritten_size_bytes))
            if not wanted:
                return
            pick = _Pick(wanted)
            while not pick.is_done:
                if picked := await self._workshop.do(pick.of, data):
                    yield picked
                following = await anext(slices, None)
                if following is None:
                    break
                _, data = following
        pick.refuse_cut()

    async def _slices(self) -> AsyncGenerator[tuple[Head, bytes], None]:
        """The head, and the data behind it content by content."""
        head, begin = None, b""
        async with aclosing(self._repository.read(self._database.contents)) as contents:
            async for content in contents:
                if head is not None:
                    yield head, content
                    continue
                begin += content
                head = await self._workshop.do(read_head, begin, whole=len(begin) == self._database.bytes)
                if head is not None:
                    yield head, begin[head.size_bytes :]
                    begin = b""
        if head is None:
            raise DamagedDumpError("the dump is damaged: it has another size than its backup says")


def _table(entry: Entry, sizes: dict[str, int]) -> Table:
    found = described(entry)
    return Table(found.schema, found.tag, sizes.get(found.name))


def _belongs(entry: Entry, schema: str, name: str) -> bool:
    found = described(entry)
    return entry.kind in OF_EVERY_DUMP or (entry.kind in OF_A_TABLE and (found.schema, found.tag) == (schema, name))


class _Pick:
    """Takes the wanted blocks out of a dump's data."""

    def __init__(self, wanted: Iterable[int]) -> None:
        self._wanted = frozenset(wanted)
        self._place: Place = BEGIN
        self._is_within = False
        self.is_done = False

    def of(self, data: bytes) -> bytes:
        """What of this slice belongs to them, as it is written."""
        items, self._place = read_slice(self._place, data)
        return encode(list(self._picked(items))).data

    def _picked(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            if isinstance(item, Block):
                if self._is_within:
                    self.is_done = True
                    return
                self._is_within = item.dump_id in self._wanted
            if self._is_within:
                yield item

    def refuse_cut(self) -> None:
        """Raises DamagedDumpError where the rows have no end."""
        if not self.is_done and not (self._is_within and self._place.next == BEGIN.next):
            raise DamagedDumpError("the dump is damaged: it ends before the end of the table's rows")


class _Count:
    """Adds up the rows of every block."""

    def __init__(self) -> None:
        self.sizes: dict[int, int] = {}
        self._at = 0

    def add(self, place: Place, data: bytes) -> Place:
        """More data; returns the place behind it."""
        items, behind = read_slice(place, data)
        for item in items:
            if isinstance(item, Block):
                self._at = item.dump_id
                self.sizes[self._at] = 0
            elif not isinstance(item, bytes):
                self.sizes[self._at] = self.sizes.get(self._at, 0) + len(item.joined)
        return behind
