"""What of a file is asked for, as RFC 9110 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.ranges import (
    MOST_RANGES,
    Span,
    UnsatisfiableError,
    is_current,
    matches,
    matches_strongly,
    spans,
)

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-", [(500, 1000)]),
        ("bytes=-1", [(999, 1000)]),
        ("bytes=-5000", [(0, 1000)]),
        ("bytes=990-5000", [(990, 1000)]),
        ("Bytes = 1-2", [(1, 3)]),
        ("bytes=0-1, 5-6 ,,", [(0, 2), (5, 7)]),
        ("bytes=5-6,0-1", [(0, 2), (5, 7)]),
        ("bytes=0-4,5-6,3-9", [(0, 10)]),
        ("bytes=2000-,7-7", [(7, 8)]),
    ],
)
def test_a_range_is_the_bytes_that_it_names(header: str, expected: list[tuple[int, int]]) -> None:
    assert spans(header, SIZE) == [Span(*span) for span in expected]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=1",
        "bytes=2-1",
        "bytes=x-y",
        "lines=0-1",
        "bytes=1-2;3",
        "bytes=²-",
    ],
)
def test_what_is_no_range_means_the_whole(header: str | None) -> None:
    assert spans(header, SIZE) is None


@pytest.mark.parametrize(
    "header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", f"bytes={','.join(['1-1'] * (MOST_RANGES + 1))}"]
)
def test_what_cannot_be_had_is_refused(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        spans(header, SIZE)


def test_of_an_empty_file_nothing_can_be_had() -> None:
    with pytest.raises(UnsatisfiableError):
        spans("bytes=0-", 0)


@given(st.text(max_size=60), st.integers(0, 10**15))
def test_whatever_is_asked_for_lies_in_the_file_in_order_and_apart(text: str, size_bytes: int) -> None:
    try:
        found = spans(f"bytes={text}", size_bytes) or []
    except UnsatisfiableError:
        return
    ends = [-1, *(place for span in found for place in span), size_bytes + 1]
    assert ends == sorted(set(ends))


def test_only_our_own_tag_continues_a_download() -> None:
    assert is_current(None, '"a"')
    assert is_current('"a"', '"a"')
    assert not is_current('W/"a"', '"a"')
    assert not is_current("Wed, 04 Mar 2026 19:00:00 GMT", '"a"')


def test_lists_of_tags_are_read_as_such() -> None:
    assert matches('"b", W/"a"', '"a"')
    assert matches("*", '"a"')
    assert not matches('"b"', '"a"')
    assert not matches(None, '"a"')


def test_a_weak_tag_is_none_that_a_change_or_a_part_may_depend_on() -> None:
    assert matches_strongly('"b", "a"', '"a"')
    assert matches_strongly(" * ", '"a"')
    assert not matches_strongly('"b", W/"a"', '"a"')
    assert not matches_strongly('"b"', '"a"')
