"""What follows from what a restore found and did."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import FailureCode
from contracts.values import Finding, Severity, Warning  # noqa: A004 -- the product's word
from services.restore.domain.findings import failure, from_warnings, warnings
from services.restore.domain.memo import Memo
from services.restore.domain.remaining import Estimate


def finding(code: str, severity: Severity, message: str = "m") -> Finding:
    return Finding(code=code, severity=severity, message=message)


def test_the_first_error_gives_the_code_and_all_errors_the_reason() -> None:
    found = [
        finding("EXTENSION_NOT_RESTORABLE", Severity.WARNING, "w"),
        finding("ROLE_IS_SUPERUSER", Severity.ERROR, "one"),
        finding("NO_SPACE", Severity.ERROR, "two"),
    ]
    assert failure(found) == (FailureCode.MISSING_RIGHTS, "one; two")
    assert failure(found[:1]) is None


def test_sessions_that_will_be_ended_are_no_warning_of_the_end() -> None:
    found = [finding("OPEN_SESSIONS", Severity.WARNING), finding("REPLICATION_SLOTS", Severity.WARNING)]
    assert [warning.code for warning in warnings(found)] == ["REPLICATION_SLOTS"]


def test_an_older_model_version_is_no_obstacle_and_a_busy_environment_is() -> None:
    said = (Warning(code="OLDER_MODEL_VERSION", message="o"), Warning(code="ENVIRONMENT_BUSY", message="b"))
    assert [each.severity for each in from_warnings(said)] == [Severity.WARNING, Severity.ERROR]


def test_a_memo_survives_being_kept() -> None:
    memo = Memo(begun=True, sessions_ended=("a",), warnings=(Warning(code="A", message="b"),))
    memo.took("load the dump", 1.23456)
    kept: dict[str, object] = {"old": 1}
    memo.keep_in(kept)
    assert Memo.of(kept) == memo
    assert Memo.of({}) == Memo()


def test_nobody_knows_how_long_it_takes_before_something_moved() -> None:
    estimate = Estimate()
    assert estimate.seconds_left(100, 5.0) is None
    estimate.note(4, 0, 5.0)
    assert estimate.seconds_left(100, 6.0) is None


def test_the_time_left_is_that_of_all_steps_together() -> None:
    estimate = Estimate()
    estimate.note(4, 0, 10.0)
    estimate.note(4, 100, 20.0)
    estimate.note(5, 50, 25.0)
    assert estimate.bytes_per_second(25.0) == 10
    assert estimate.seconds_left(300, 25.0) == 15


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 10**9)), max_size=20), st.integers(0, 10**10))
def test_the_time_left_is_never_negative(notes: list[tuple[int, int]], total: int) -> None:
    estimate = Estimate()
    for at, (step, moved) in enumerate(notes):
        estimate.note(step, moved, float(at))
    left = estimate.seconds_left(total, float(len(notes)))
    assert left is None or left >= 0
