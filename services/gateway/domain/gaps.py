"""Which parts of a parcel have not come yet, told in few words."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

MOST: Final = 1000
"""Gaps that are told at once: whoever sends in order has one."""


class Range(NamedTuple):
    """Parts from `first` to `last`."""

    first: int
    last: int


def gaps(received: Collection[int], parts: int) -> Sequence[Range]:
    """The first gaps among the numbers from 0 to `parts`, which is not among them."""
    return list(islice(_gaps(sorted(received), parts), MOST))


def _gaps(ordered: Sequence[int], parts: int) -> Iterator[Range]:
    wanted = 0
    for number in (*ordered, parts):
        if number > wanted:
            yield Range(wanted, number - 1)
        wanted = number + 1
