"""A run takes a sample by its seed, all seeds together take everything, and so does whoever has none."""

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from tests.support.dice import SEED, one_in, some_of

POINTS = "abcdefgh"
STEP, MOST = 9, 50


def sampled(seed: int, count: int) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SEED, str(seed))
        return "".join(some_of(POINTS, count))


def met(seed: int) -> range:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SEED, str(seed))
        return one_in(STEP, MOST)


@given(integers(0, 2**32), integers(1, len(POINTS)))
def test_a_seed_chooses_so_many_of_them_in_their_order_and_the_same_again(seed: int, count: int) -> None:
    chosen = sampled(seed, count)
    assert len(set(chosen)) == count
    assert list(chosen) == sorted(chosen)
    assert sampled(seed, count) == chosen


def test_all_seeds_together_choose_all() -> None:
    assert set().union(*(sampled(seed, 3) for seed in range(100))) == set(POINTS)
    assert set().union(*(met(seed) for seed in range(STEP))) >= set(range(MOST + 1))


def test_a_stride_goes_on_beyond_the_last() -> None:
    assert all(met(seed)[-1] >= MOST for seed in range(STEP))


def test_without_a_seed_there_is_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SEED, raising=False)
    assert some_of(POINTS, 3) == POINTS
    assert one_in(STEP, MOST) == range(MOST + 1)
