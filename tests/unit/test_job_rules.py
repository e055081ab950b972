"""What follows from how an attempt at a job ended."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import FailureCode
from services.platform.jobs.rules import pause_seconds, verdict
from services.platform.process.errors import PermanentError, TransientError

chances = st.floats(0, 1)


@given(st.integers(1, 10_000), chances)
def test_a_pause_is_at_least_half_of_the_first_and_never_longer_than_the_last(attempt: int, chance: float) -> None:
    pause = pause_seconds(attempt, first=5, last=300, chance=chance)
    assert 2.5 <= pause <= 300


@given(st.integers(1, 5))
def test_pauses_double_from_five_seconds_to_five_minutes(attempt: int) -> None:
    assert pause_seconds(attempt, first=5, last=300, chance=1.0) == min(5 * 2 ** (attempt - 1), 300)


@given(st.integers(1, 4))
def test_a_transient_error_is_worth_another_try(attempt: int) -> None:
    assert verdict(TransientError("away"), attempt=attempt, tries=5) is None


@given(st.integers(1, 10))
def test_a_permanent_error_is_the_end_whatever_the_try(attempt: int) -> None:
    error = PermanentError("no")
    assert verdict(error, attempt=attempt, tries=5) is error


@given(st.integers(5, 10))
def test_after_the_last_try_the_end_keeps_code_and_reason_and_may_be_asked_for_again(attempt: int) -> None:
    error = verdict(TransientError("away", code=FailureCode.STORE_UNAVAILABLE), attempt=attempt, tries=5)
    assert error is not None
    assert (error.code, error.retryable) == (FailureCode.STORE_UNAVAILABLE, True)
    assert error.reason.startswith("away")
