"""What one run of the tests leaves to another, by the dice that are of the whole run."""

import os
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def some_of(these: Sequence[T], count: int) -> Sequence[T]:
    """As many of them as `NIGHTKEEP_TEST_SEED` chooses; all where somebody runs the test by hand."""
    seed = os.environ.get("NIGHTKEEP_TEST_SEED")
    return these if seed is None else random.Random(int(seed)).sample(these, count)  # noqa: S311 -- a test's dice


def one_in(step: int, most: int) -> range:
    """One number in `step`, up to the first that is `most` or more; where it begins is chosen likewise, 0 by hand."""
    return range(int(os.environ.get("NIGHTKEEP_TEST_SEED", "0")) % step, most + step, step)
