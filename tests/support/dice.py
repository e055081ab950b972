"""What one run of the tests leaves to another, by the dice that are of the whole run.

`infra/bin/test` takes a sample of the tests that go through every point of something, each commit another one;
`infra/bin/test --all`, and whoever runs a test by hand, goes through all of them.
"""

import os
import random
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")
SEED: Final = "NIGHTKEEP_TEST_SEED"


def seed() -> int:
    """Of this run, for what is chosen by dice in any case; 9 where nobody has thrown them."""
    return int(os.environ.get(SEED, "9"))


def some_of(these: Sequence[T], count: int) -> Sequence[T]:
    """As many of them as `NIGHTKEEP_TEST_SEED` chooses, in their order; all where there is none."""
    if SEED not in os.environ:
        return these
    dice = random.Random(seed())  # noqa: S311 -- a test's dice
    return [these[index] for index in sorted(dice.sample(range(len(these)), count))]


def one_in(step: int, most: int) -> range:
    """One number in `step`, up to the first that is `most` or more, from where the seed says; each if there is none."""
    return range(seed() % step, most + step, step) if SEED in os.environ else range(most + 1)
