"""Which tables a damage in a dump touches: all of which a byte is lost, and none that ends before it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.manifest import DatabasePart
from services.platform.archives.dump.tables import CONTENTS, LARGE_OBJECTS, tables_in
from services.platform.archives.workshop import Workshop
from services.platform.repository.errors import ContentCorruptError
from tests.support.dumps import TocEntry, blobs_block, data_block, dump
from tests.support.manifests import manifest

TABLES = [f"table_{number}" for number in range(6)]
ENTRIES = [
    *(TocEntry(number + 1, b"TABLE DATA", tag=name.encode()) for number, name in enumerate(TABLES)),
    TocEntry(7, b"BLOBS"),
]
BLOCKS = [
    *(data_block(number + 1, *(b"row %d\tof a table\n" % row for row in range(9))) for number in range(6)),
    blobs_block(7, {16501: (b"large",), 16502: ()}),
]
NAMES = [f"public.{name}" for name in TABLES] + [LARGE_OBJECTS]
WHOLE = dump(ENTRIES, *BLOCKS)
HEAD_BYTES = len(WHOLE) - sum(map(len, BLOCKS))


class Rotten:
    """As much of a repository as is read: contents by number, some of them damaged."""

    def __init__(self, contents: Sequence[bytes], damaged: set[int]) -> None:
        self._contents = contents
        self._damaged = damaged

    async def read(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        for name in names:
            if int(name, 16) in self._damaged:
                raise ContentCorruptError("rotten")
            yield self._contents[int(name, 16)]


def part(count: int) -> DatabasePart:
    return manifest().database.model_copy(update={"contents": tuple(f"{number:064x}" for number in range(count))})


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop.open(1) as opened:
        yield opened


async def touched(cuts: Sequence[int], damaged: set[int], workshop: Workshop) -> Sequence[str]:
    contents = [WHOLE[start:end] for start, end in pairwise([0, *cuts, len(WHOLE)])]
    rotten = Rotten(contents, damaged)
    return await tables_in(rotten, part(len(contents)), damaged, workshop)  # type: ignore[arg-type]  # -- as much of it as is used


def begin_of(number: int) -> int:
    return HEAD_BYTES + sum(map(len, BLOCKS[:number]))


async def test_a_damage_within_a_table_names_this_one_alone(workshop: Workshop) -> None:
    cuts = [begin_of(2) + 20, begin_of(2) + 60]
    assert await touched(cuts, {1}, workshop) == ["public.table_2"]


async def test_a_damage_over_several_tables_names_all_of_them(workshop: Workshop) -> None:
    cuts = [begin_of(1) + 20, begin_of(4) + 60]
    assert await touched(cuts, {1}, workshop) == NAMES[1:5]


async def test_a_damage_at_the_end_names_what_is_not_found_again(workshop: Workshop) -> None:
    assert await touched([begin_of(5) + 20], {1}, workshop) == NAMES[5:]


async def test_without_its_begin_nothing_is_known_of_a_dump(workshop: Workshop) -> None:
    assert await touched([HEAD_BYTES - 5], {0}, workshop) == (CONTENTS,)


@settings(deadline=None)  # it may wait for a processor
@given(data=st.data())
async def test_every_table_that_lost_a_byte_is_named_and_none_that_ends_before(
    data: st.DataObject, workshop: Workshop
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(HEAD_BYTES, len(WHOLE) - 1), min_size=2, max_size=12)))
    damaged = data.draw(st.sets(st.integers(1, len(cuts)), min_size=1))
    named = set(await touched(cuts, damaged, workshop))
    spans = list(pairwise([0, *cuts, len(WHOLE)]))
    first = min(spans[number][0] for number in damaged)
    for number, name in enumerate(NAMES):
        begin, end = begin_of(number), begin_of(number + 1)
        if any(spans[each][0] < end and begin < spans[each][1] for each in damaged):
            assert name in named
        elif end < first:
            assert name not in named
