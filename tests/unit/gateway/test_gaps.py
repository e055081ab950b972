"""Which parts are missing: every number is either there or in one gap, and gaps are as few as can be."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.gaps import MOST, gaps

PARTS = st.integers(1, 200)


@given(PARTS.flatmap(lambda parts: st.tuples(st.just(parts), st.frozensets(st.integers(0, parts - 1)))))
def test_what_is_there_and_the_gaps_make_the_whole(asked: tuple[int, frozenset[int]]) -> None:
    parts, received = asked
    found = gaps(received, parts)
    missing = [number for gap in found for number in range(gap.first, gap.last + 1)]
    assert sorted([*missing, *received]) == list(range(parts))
    assert all(later.first > earlier.last + 1 for earlier, later in pairwise(found))


def test_not_all_gaps_are_told_at_once() -> None:
    parts = 4 * MOST
    assert len(gaps(frozenset(range(0, parts, 2)), parts)) == MOST
