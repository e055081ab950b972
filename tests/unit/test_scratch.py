"""The lists of an attempt at a backup: documents of one UUID, and what is said where their disk is full."""

import asyncio
from itertools import permutations
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.errors import FailureCode
from services.platform.connectors.database import Reference
from services.platform.connectors.files import Listed
from services.platform.jobs.system import system_error
from services.snapshot.scratch.scratch import Scratch
from tests.support.limits import files_of_at_most

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


async def test_a_document_that_a_listing_tells_twice_is_one(tmp_path: Path) -> None:
    one = listed(uuid4(), "a")
    async with Scratch.open(tmp_path) as scratch:
        assert await scratch.add_listed([one, one]) == []
        assert await scratch.add_listed([one]) == []
