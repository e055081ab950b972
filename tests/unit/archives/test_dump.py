"""The rewritten dump: what pg_restore finds in it, and what never becomes one."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.archives.dump.blocks import BEGIN, encode, read_slice, refuse_cut
from services.platform.archives.dump.head import VERSIONS, read_head
from services.platform.archives.errors import DamagedDumpError, DumpError, NotADumpError, UnknownDumpError
from tests.support.dumps import TocEntry, blobs_block, data_block, dump, restored

ENTRIES = (
    TocEntry(1, b"TABLE", offset=(3, 0)),
    TocEntry(2, b"ACL", offset=(3, 0), depends_on=(1,)),
    TocEntry(3, b"DEFAULT ACL", offset=(3, 0)),
    TocEntry(4, b"TABLE DATA", depends_on=(1, 7)),
    TocEntry(5, b"BLOBS", owner=None),
)
ROWS = (b"1\tred\n", b"2\tblue\n", b"\\.\n")
BLOBS = {16501: (b"large" * 3000, b"object"), 16502: ()}


def whole(version: tuple[int, int] = (1, 16)) -> bytes:
    return dump(ENTRIES, data_block(4, *ROWS), blobs_block(5, BLOBS), version=version)


def rewritten(data: bytes, cuts: Sequence[int] = ()) -> bytes:
    """The download, its data cut at these distances from its begin."""
    head = read_head(data, whole=True)
    assert head is not None
    body, at, place = data[head.size_bytes :], head.rewritten_size_bytes, BEGIN
    written = b""
    offsets: dict[int, int] = {}
    for start, end in pairwise([0, *sorted({cut for cut in cuts if 0 < cut < len(body)}), len(body)]):
        items, place = read_slice(place, body[start:end])
        made = encode(items)
        offsets |= {dump_id: at + len(written) + distance for dump_id, distance in made.blocks}
        written += made.data
    refuse_cut(place)
    return head.rewritten(offsets) + written


@pytest.mark.parametrize("version", VERSIONS)
def test_a_rewritten_dump_holds_the_same_data_without_owners_and_privileges(version: tuple[int, int]) -> None:
    found = restored(rewritten(whole(version)))
    assert found.version == version
    assert found.kinds == {1: b"TABLE", 4: b"TABLE DATA", 5: b"BLOBS"}
    assert set(found.owners.values()) == {b""}
    assert found.members == {(4, 0): b"".join(ROWS), (5, 16501): b"large" * 3000 + b"object", (5, 16502): b""}


def test_its_table_of_contents_tells_where_data_is() -> None:
    found = restored(rewritten(whole()))
    assert found.offsets == {1: (3, 0), 4: (2, found.begins[4]), 5: (2, found.begins[5])}


def test_a_dump_without_data_stays_one() -> None:
    found = restored(rewritten(dump(ENTRIES[:3])))
    assert (found.kinds, found.members) == ({1: b"TABLE"}, {})


members = st.lists(st.binary(max_size=40), max_size=5)


@given(
    tables=st.lists(members, max_size=4),
    blobs=st.dictionaries(st.integers(1, 2**32 - 1), members, max_size=4),
    cuts=st.lists(st.integers(1, 400), max_size=12),
)
def test_wherever_a_dump_is_cut_its_members_are_the_same(
    tables: list[list[bytes]], blobs: dict[int, list[bytes]], cuts: list[int]
) -> None:
    entries = [TocEntry(number, b"TABLE DATA") for number in range(1, len(tables) + 1)] + [TocEntry(99, b"BLOBS")]
    blocks = [data_block(number, *rows) for number, rows in enumerate(tables, 1)]
    found = restored(rewritten(dump(entries, *blocks, blobs_block(99, blobs)), cuts))
    expected = {(number, 0): b"".join(rows) for number, rows in enumerate(tables, 1)}
    assert found.members == expected | {(99, oid): b"".join(rows) for oid, rows in blobs.items()}
    assert {dump_id: at for dump_id, (_, at) in found.offsets.items()} == found.begins


@given(st.data())
def test_a_slice_is_made_again_from_its_place_alone(data: st.DataObject) -> None:
    written = whole()
    head = read_head(written)
    assert head is not None
    body = written[head.size_bytes :]
    cut = data.draw(st.integers(0, len(body)))
    _, place = read_slice(BEGIN, body[:cut])
    kept = type(place).model_validate_json(place.model_dump_json())
    assert encode(read_slice(kept, body[cut:])[0]) == encode(read_slice(place, body[cut:])[0])


@pytest.mark.parametrize(
    ("data", "error", "told"),
    [
        (b"", NotADumpError, "no dump"),
        (b"-- PostgreSQL database dump", NotADumpError, "no dump"),
        (b"PGDM", NotADumpError, "no dump"),
        (whole((1, 13)), UnknownDumpError, r"version 1\.13; known are 1\.14, 1\.15, 1\.16"),
        (whole((1, 17)), UnknownDumpError, r"version 1\.17"),
        (dump(ENTRIES, form=3), UnknownDumpError, "form 3"),
        (dump(ENTRIES, compression=1), UnknownDumpError, "compressed inside already"),
        (dump(ENTRIES, compression=6, version=(1, 14)), UnknownDumpError, "compressed inside already"),
        (dump([*ENTRIES, ENTRIES[0]]), DamagedDumpError, "same number"),
        (dump([TocEntry(0, b"TABLE")]), DamagedDumpError, "an entry that is none"),
        (dump([TocEntry(1, b"TABLE", offset=(7, 0))]), DamagedDumpError, "an entry that is none"),
        (dump(ENTRIES)[:-1], DamagedDumpError, "within its table of contents"),
        (b"PGDMP\x01\x10\x00\x08\x08\x01", UnknownDumpError, "numbers of 8"),
    ],
)
def test_what_is_no_dump_of_ours_is_refused_by_name(data: bytes, error: type[DumpError], told: str) -> None:
    with pytest.raises(error, match=told):
        read_head(data, whole=True)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (data_block(4, b"row")[:-1], "ends within"),
        (data_block(4, b"row")[:-7], "ends within"),
        (blobs_block(5, {1: (b"x",)})[:-5], "ends within"),
        (b"\x02" + bytes(10), "begins with 2"),
        (b"\x01\x01\x04\x00\x00\x00" + bytes(10), "negative number"),
        (b"\x01\x00\x04\x00\x00\x00\x01\x05\x00\x00\x00", "negative length"),
        (b"\x01\x07\x04\x00\x00\x00" + bytes(10), "sign 7"),
    ],
)
def test_damaged_data_is_refused_by_name(body: bytes, told: str) -> None:
    def read() -> None:
        refuse_cut(read_slice(BEGIN, body)[1])

    with pytest.raises(DamagedDumpError, match=told):
        read()


@given(st.integers(0, len(whole()) - 1), st.integers(0, 255))
def test_a_byte_that_is_wrong_ends_in_another_dump_or_in_a_named_error(at: int, value: int) -> None:
    data = bytearray(whole())
    data[at] = value
    try:
        rewritten(bytes(data))
    except (DumpError, KeyError):  # KeyError: a block that no entry knows, which the pass refuses
        return


def test_a_head_that_is_not_whole_yet_is_asked_for_again() -> None:
    data = whole()
    head = read_head(data)
    assert head is not None
    assert [read_head(data[:size]) for size in range(head.size_bytes)] == [None] * head.size_bytes
