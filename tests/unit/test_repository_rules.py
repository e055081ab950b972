"""The pure rules of the repository: where lists are cut, what a dump builds upon, which stretch it is compared with."""

import random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.manifest import CONTENT_BYTES, DatabasePart, DumpChain, DumpImage
from services.platform.repository.chain import ANCHOR_AT, REBASE_AT, Plan, image, plan, stretch
from services.platform.repository.errors import ContentCorruptError
from services.platform.repository.prints import Collected, Known, prints_of
from services.snapshot.scratch.parts import LINES, MOST_BYTES, Parts
from tests.support.manifests import manifest

FULL_BYTES = 1_000_000


def parts_of(lines: list[tuple[bytes, bytes]]) -> list[bytes]:
    parts = Parts()
    return [*parts.add(lines), *parts.rest()]


@given(st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.binary(max_size=20).map(lambda line: line + b"\n"))))
def test_the_parts_of_a_list_are_the_list(lines: list[tuple[bytes, bytes]]) -> None:
    assert b"".join(parts_of(lines)) == b"".join(line for _, line in lines)


def test_a_change_of_a_list_changes_one_part() -> None:
    some = random.Random(7)  # noqa: S311 -- the same each time
    ids = sorted(UUID(int=some.getrandbits(128)).bytes for _ in range(20 * LINES))
    lines = [(one, one.hex().encode() + b"\n") for one in ids]
    before = parts_of(lines)
    del lines[len(lines) // 2]
    after = parts_of(lines)
    assert 10 < len(before) < 40
    assert len(set(before) - set(after)) <= 2
    assert max(map(len, before)) < MOST_BYTES


def part(chain: DumpChain | None, size_bytes: int = 1) -> DatabasePart:
    return manifest().database.model_copy(update={"chain": chain, "bytes": size_bytes})


def night(previous: DatabasePart | None, share: float, size_bytes: int = 1) -> DatabasePart:
    """The dump after this one, which takes so much of the full one."""
    upon = plan(previous)
    own = int(share * upon.full_stored_bytes) if upon.full else FULL_BYTES
    return part(
        DumpChain(
            prints=(),
            bases=(),
            own_stored_bytes=own,
            full=upon.full,
            full_stored_bytes=upon.full_stored_bytes,
            anchor=upon.anchor,
        ),
        size_bytes,
    )


@given(st.lists(st.floats(min_value=0, max_value=1), max_size=30))
def test_no_dump_stands_on_more_than_two_others_and_anchors_stand_on_full_ones(shares: list[float]) -> None:
    previous: DatabasePart | None = None
    depths = dict[int, int]()  # of the dumps by their sizes, which all differ
    for number, share in enumerate(shares, start=1):
        upon = plan(previous)
        depths[number] = 1 + depths[upon.base.bytes] if upon.base else 0
        assert depths[number] == upon.depth
        assert upon.full is None or depths[upon.full.bytes] == 0
        assert upon.anchor is None or depths[upon.anchor.bytes] == 1
        previous = night(previous, share, number)


def test_a_dump_stands_on_the_full_one_until_that_is_far_away_and_on_an_anchor_then() -> None:
    full = night(None, 1)
    near = night(full, ANCHOR_AT)
    far = night(near, ANCHOR_AT + 0.001)
    assert plan(None) == plan(part(None)) == Plan()
    assert (plan(full).depth, plan(near).depth) == (1, 1)
    assert plan(far).anchor == image(far)
    upon_anchor = night(far, 0.01)
    assert plan(upon_anchor).anchor == plan(far).anchor
    assert plan(night(upon_anchor, ANCHOR_AT + 0.001)).depth == 1
    assert plan(night(near, REBASE_AT + 0.001)) == Plan()


@given(
    st.integers(min_value=1, max_value=5 * CONTENT_BYTES),
    st.integers(min_value=-CONTENT_BYTES, max_value=6 * CONTENT_BYTES),
    st.integers(min_value=1, max_value=CONTENT_BYTES),
)
def test_a_stretch_lies_within_its_contents(base_bytes: int, begin: int, size_bytes: int) -> None:
    count = -(-base_bytes // CONTENT_BYTES)
    names = tuple(f"{number:064x}" for number in range(count))
    found = stretch(DumpImage(contents=names, prints=(), bases=(), bytes=base_bytes), begin, size_bytes)
    if found is None:
        return
    first = names.index(found.bases[0])
    assert found.bases == names[first : first + len(found.bases)]
    assert found.skip < CONTENT_BYTES
    end = first * CONTENT_BYTES + found.skip + found.length
    assert end <= base_bytes
    assert (end - 1) // CONTENT_BYTES == first + len(found.bases) - 1


def test_what_moved_is_found_where_it_was() -> None:
    key, data = bytes(32), random.Random(3).randbytes(4 * 1024 * 1024)  # noqa: S311 -- the same each time
    collected = Collected()
    collected.add(prints_of(key, b"x" * 5_000_000 + data, 0))
    known = Known(b"".join(collected.as_parts()))
    assert known.shift(prints_of(key, data, 1_000_000)) == 4_000_000
    assert known.shift(prints_of(key, random.Random(4).randbytes(1_000_000), 0)) is None  # noqa: S311 -- see above


@given(st.binary(min_size=1, max_size=40))
def test_the_time_in_the_head_of_a_dump_changes_no_fingerprint(head: bytes) -> None:
    body = random.Random(5).randbytes(200_000)  # noqa: S311 -- as above
    prints = [prints_of(bytes(32), start + body[len(start) :], 0) for start in (bytes(40), head.ljust(40))]
    assert prints[0] == prints[1] != []


@pytest.mark.parametrize("damaged", [b"", b"\0\0", b"\0\0\0\4" + b"x" * 15])
def test_damaged_fingerprints_are_refused(damaged: bytes) -> None:
    with pytest.raises(ContentCorruptError):
        Known(damaged)
