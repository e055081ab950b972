"""One table out of a dump: its definition and its rows, whole, whatever comes before and after it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.manifest import DatabasePart
from services.platform.archives.dump.single import StoredDump, Table
from services.platform.archives.errors import DumpError
from services.platform.archives.workshop import Workshop
from tests.support.archiving import repository_in
from tests.support.dumps import TocEntry, blobs_block, data_block, dump, restored
from tests.support.manifests import manifest

ENTRIES = (
    TocEntry(1, b"ENCODING", offset=(3, 0)),
    TocEntry(2, b"TABLE", tag=b"items", offset=(3, 0)),
    TocEntry(3, b"TABLE", tag=b"orders", offset=(3, 0)),
    TocEntry(4, b"TABLE", tag=b"partitioned", offset=(3, 0)),
    TocEntry(5, b"TABLE DATA", tag=b"items"),
    TocEntry(6, b"TABLE DATA", tag=b"orders"),
    TocEntry(7, b"BLOBS"),
    TocEntry(8, b"INDEX", tag=b"orders", offset=(3, 0)),
    TocEntry(9, b"ACL", tag=b"orders", offset=(3, 0)),
)
ITEMS = [b"%d\tan item\n" % number for number in range(40)]
ORDERS = [b"%d\tan order\n" % number for number in range(50)]
WHOLE = dump(ENTRIES, data_block(5, *ITEMS), data_block(6, *ORDERS), blobs_block(7, {16501: (b"large",)}))


class Read:
    """As much of a repository as is read: contents by number."""

    def __init__(self, data: bytes, cuts: Sequence[int]) -> None:
        self._parts = [data[start:end] for start, end in pairwise([0, *cuts, len(data)])]
        self.database: DatabasePart = manifest().database.model_copy(
            update={"contents": tuple(f"{number:064x}" for number in range(len(self._parts))), "bytes": len(data)}
        )
        self.read_count = 0

    async def read(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        for name in names:
            self.read_count += 1
            yield self._parts[int(name, 16)]


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop.open(1) as opened:
        yield opened


async def small(read: Read, workshop: Workshop, name: str) -> bytes:
    stored = StoredDump(read, read.database, workshop)  # type: ignore[arg-type]  # -- as much of it as is used
    return b"".join([piece async for piece in stored.dump_of("public", name)])


@settings(deadline=None)  # it may wait for a processor
@given(cuts=st.sets(st.integers(1, len(WHOLE) - 1), max_size=8))
async def test_a_table_is_a_dump_of_its_own(workshop: Workshop, cuts: set[int]) -> None:
    for name, data_id, rows in (("items", 5, ITEMS), ("orders", 6, ORDERS)):
        found = restored(await small(Read(WHOLE, sorted(cuts)), workshop, name))
        assert sorted(found.kinds.values()) == [b"ENCODING", b"TABLE", b"TABLE DATA"]
        assert found.members == {(data_id, 0): b"".join(rows)}
        assert found.offsets[data_id] == (2, found.begins[data_id])


async def test_a_table_without_rows_of_its_own_has_its_definition(workshop: Workshop) -> None:
    found = restored(await small(Read(WHOLE, []), workshop, "partitioned"))
    assert (sorted(found.kinds), found.members) == ([1, 4], {})


async def test_what_comes_behind_a_table_is_not_read(workshop: Workshop) -> None:
    cuts = list(range(len(WHOLE) - 400, len(WHOLE), 20))
    read = Read(WHOLE, cuts)
    await small(read, workshop, "items")
    assert read.read_count < len(cuts) / 2


async def test_a_dump_that_ends_within_the_table_is_refused(workshop: Workshop) -> None:
    cut = WHOLE[: WHOLE.index(b"30\tan order")]
    with pytest.raises(DumpError, match="before the end of the table's rows"):
        await small(Read(cut, []), workshop, "orders")


@pytest.mark.parametrize("sizes", [False, True])
async def test_tables_are_listed_and_measured_when_asked_for(workshop: Workshop, *, sizes: bool) -> None:
    read = Read(WHOLE, [len(WHOLE) - 30])
    found = await StoredDump(read, read.database, workshop).tables(sizes=sizes)  # type: ignore[arg-type]  # -- as above
    assert found == [
        Table("public", "items", sum(map(len, ITEMS)) if sizes else None),
        Table("public", "orders", sum(map(len, ORDERS)) if sizes else None),
        Table("public", "partitioned", None),
    ]


async def test_what_is_no_dump_is_refused(tmp_path: Path, workshop: Workshop) -> None:
    repository = repository_in(tmp_path)
    stored = await repository.store_bytes(b"no dump at all")
    database = manifest().database.model_copy(update={"contents": stored.contents, "bytes": 14})
    with pytest.raises(DumpError):
        await StoredDump(repository, database, workshop).tables()
