"""How much a sweep may ask for at once, and what an approval is worth."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import defaults
from services.retention.domain.cap import Cap, Standing, judge, sweep_of
from tests.support.events import NOON

CAP = Cap(defaults.SWEEP_CAP_COUNT, defaults.SWEEP_CAP_SHARE)
SWEEP = UUID(int=1)


def standing(there: int, due: int, **changes: object) -> Standing:
    return Standing(uuid4(), there, due, **changes)  # type: ignore[arg-type]  # -- a test's fields


@pytest.mark.parametrize(
    ("there", "due", "stops"),
    [
        (34, 1, False),
        (34, 5, False),
        (34, 6, True),
        (5, 5, False),
        (60, 6, False),
        (59, 6, True),
        (1000, 100, False),
        (1000, 101, True),
        (6, 6, True),
    ],
)
def test_more_than_five_and_more_than_a_tenth_is_too_much(there: int, due: int, *, stops: bool) -> None:
    verdict = judge(standing(there, due), CAP, SWEEP, NOON)
    assert verdict.stops_now is stops
    assert verdict.ask_until == (None if stops else NOON)
    assert verdict.stopped_sweep_id == (SWEEP if stops else None)


def test_a_stopped_sweep_stands_and_is_told_once() -> None:
    earlier = uuid4()
    verdict = judge(standing(34, 30, stopped_sweep_id=earlier), CAP, SWEEP, NOON)
    assert (verdict.ask_until, verdict.stopped_sweep_id, verdict.stops_now) == (None, earlier, False)


def test_a_stopped_sweep_is_over_when_little_is_due() -> None:
    earlier = uuid4()
    verdict = judge(standing(34, 1, stopped_sweep_id=earlier), CAP, SWEEP, NOON)
    assert (verdict.ask_until, verdict.stopped_sweep_id, verdict.resumes_sweep_id) == (NOON, None, earlier)
    assert judge(standing(34, 1), CAP, SWEEP, NOON).resumes_sweep_id is None


def test_what_was_approved_goes_however_much_it_is() -> None:
    verdict = judge(standing(34, 30, approved_count=30, approved_until=NOON), CAP, SWEEP, NOON + timedelta(hours=1))
    assert (verdict.ask_until, verdict.stopped_sweep_id) == (NOON + timedelta(hours=1), None)


def test_what_fell_due_since_the_stop_is_measured_by_itself() -> None:
    verdict = judge(standing(34, 30, approved_count=20, approved_until=NOON), CAP, SWEEP, NOON + timedelta(days=400))
    assert (verdict.ask_until, verdict.stopped_sweep_id, verdict.stops_now) == (NOON, SWEEP, True)


def test_each_environment_s_sweep_is_approved_by_itself() -> None:
    assert sweep_of(SWEEP, uuid4()) != sweep_of(SWEEP, uuid4())


@given(there=st.integers(0, 2000), due=st.integers(0, 2000), approved=st.integers(0, 2000))
def test_never_is_more_than_the_cap_asked_for_without_an_approval(there: int, due: int, approved: int) -> None:
    there, approved = max(there, due), min(approved, due)
    until = NOON if approved else None
    verdict = judge(standing(there, due, approved_count=approved, approved_until=until), CAP, SWEEP, NOON)
    unapproved = due - approved
    if unapproved > CAP.count and unapproved > CAP.share * there:
        assert verdict.ask_until == until
        assert verdict.stopped_sweep_id is not None
    else:
        assert verdict.ask_until == NOON
        assert verdict.stopped_sweep_id is None
