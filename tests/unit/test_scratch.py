"""The lists of an attempt at a backup: documents of one UUID, and what is said where their disk is full."""

import asyncio
import tempfile
from itertools import permutations
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import FailureCode
from contracts.manifest import DocumentLine
from services.platform.connectors.database import Reference
from services.platform.connectors.files import Listed, joined
from services.platform.jobs.system import system_error
from services.snapshot.scratch import Stored
from services.snapshot.scratch import scratch as lists
from services.snapshot.scratch.scratch import Scratch
from tests.support.limits import files_of_at_most

NAME = f"b3:{0:064x}"
AT_ONCE = 60
REFERENCES = 700
ROOM_BYTES = 64 * 1024


async def test_all_who_use_lists_that_found_no_room_hear_that_there_is_none(tmp_path: Path) -> None:
    async with Scratch.open(tmp_path) as scratch:
        with files_of_at_most(ROOM_BYTES):
            adding = [
                scratch.add_referenced([Reference(uuid4(), 1) for _ in range(REFERENCES)]) for _ in range(AT_ONCE)
            ]
            ended = await asyncio.gather(*adding, return_exceptions=True)
    said = [system_error(error) for error in ended if error is not None]
    assert len(said) > 1
    assert all(error is not None and error.code is FailureCode.NO_SPACE for error in said), ended


def listed(document_id: UUID, place: str) -> Listed:
    """A document at a place."""
    return Listed(document_id, place, 1, "stamp", settled=True)


def line_of(document_id: UUID, directory: str) -> DocumentLine:
    """A document of the previous list, with the state of its directory."""
    return DocumentLine(
        id=document_id,
        place=f"{directory}/{document_id}",
        size=1,
        stamp=joined("stamp", "1-2-3-4-5"),
        settled=True,
        referenced=None,
        contents=(NAME,),
        hash=NAME,
    )


@pytest.mark.parametrize("order", list(permutations("abc")), ids="".join)
@pytest.mark.parametrize("batches", [[3], [1, 2], [2, 1], [1, 1, 1]], ids=str)
async def test_of_several_documents_of_one_uuid_the_first_by_place_is_listed_and_the_others_are_named(
    tmp_path: Path, order: tuple[str, ...], batches: list[int]
) -> None:
    document_id, places, left_out = uuid4(), list(order), list[str]()
    async with Scratch.open(tmp_path) as scratch:
        for count in batches:
            left_out += await scratch.add_listed([listed(document_id, places.pop(0)) for _ in range(count)])
        [kept] = [one.place async for one in scratch.to_read()]
    assert (kept, sorted(left_out)) == ("a", ["b", "c"])


@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
@given(st.lists(st.sampled_from(["kept", "stored", "gone"]), max_size=12))
def test_kept_and_new_documents_are_listed_by_their_ids(batch: int, are: list[str]) -> None:
    async def listed_of(directory: Path) -> list[DocumentLine]:
        async with Scratch.open(directory) as scratch:
            lines = [line_of(UUID(int=number), f"{what}/0") for number, what in enumerate(are)]
            await scratch.add_previous([(line, line.model_dump_json()) for line in lines])
            new = [listed(line.id, line.place) for line in lines if line.place.startswith("stored")]
            await scratch.add_listed(new)
            await scratch.keep(["kept/0"])
            await scratch.add_stored([Stored(one, (NAME,), NAME) for one in new])
            text = b"".join([part async for part in scratch.lines(proven=False)])
            return [DocumentLine.model_validate_json(line) for line in text.splitlines()]

    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "BATCH", batch)
        found = asyncio.run(listed_of(Path(directory)))
    assert [line.id.int for line in found] == [number for number, what in enumerate(are) if what != "gone"]
    assert [line.place.partition("/")[0] for line in found] == [what for what in are if what != "gone"]


async def test_what_changed_shortly_before_in_an_unchanged_directory_is_read_once_more(tmp_path: Path) -> None:
    kept, unsettled, twice = (line_of(uuid4(), "b") for _ in range(3))
    lines = [kept, *(line.model_copy(update={"settled": False}) for line in (unsettled, twice))]
    async with Scratch.open(tmp_path) as scratch:
        await scratch.add_previous([(line, line.model_dump_json()) for line in lines])
        new = uuid4()
        await scratch.add_listed(
            [listed(kept.id, f"c/{kept.id}"), listed(twice.id, f"a/{twice.id}"), listed(new, f"d/{new}")]
        )
        left_out = await scratch.keep(["b"])
        to_read = {one.place: one.known async for one in scratch.to_read()}
        numbers = await scratch.numbers()
    assert sorted(left_out.examples) == sorted([f"c/{kept.id}", f"b/{twice.id}"])
    assert to_read == {f"b/{unsettled.id}": NAME, f"a/{twice.id}": NAME, f"d/{new}": None}
    assert (numbers.count, numbers.bytes, numbers.new_count) == (1, 1, 0)


async def test_a_document_that_a_listing_tells_twice_is_one(tmp_path: Path) -> None:
    one = listed(uuid4(), "a")
    async with Scratch.open(tmp_path) as scratch:
        assert await scratch.add_listed([one, one]) == []
        assert await scratch.add_listed([one]) == []
