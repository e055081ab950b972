"""How guesses of passwords are slowed down, and what a session's cookie and token are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.adapters.guessing import REMEMBERED, Guessed, Guessing, TooManyGuessesError
from services.gateway.domain.guesses import FORGOTTEN_AFTER_SECONDS, FREE_OF_HOST, FREE_OF_NAME, LAST_SECONDS, Guesses
from services.gateway.domain.sessions import csrf_token, is_csrf_token, kept_as, session_id


class _Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_who_mistypes_does_not_wait_and_who_guesses_waits_twice_as_long_each_time() -> None:
    guesses, waits = Guesses(), []
    for _ in range(20):
        guesses = guesses.after_failure(0.0)
        waits.append(guesses.wait_seconds(0.0, FREE_OF_NAME))
    assert waits[: FREE_OF_NAME - 1] == [0.0] * (FREE_OF_NAME - 1)
    assert waits[FREE_OF_NAME - 1 : FREE_OF_NAME + 3] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == LAST_SECONDS


def test_a_wait_ends_and_failures_are_forgotten_after_a_day() -> None:
    guesses = Guesses(FREE_OF_NAME + 3, 1000.0)
    assert guesses.wait_seconds(1007.9, FREE_OF_NAME) > 0
    assert guesses.wait_seconds(1008.0, FREE_OF_NAME) == 0
    assert guesses.after_failure(1001.0 + FORGOTTEN_AFTER_SECONDS).failures == 1


def test_one_name_is_slowed_down_whatever_its_case_and_others_are_not() -> None:
    time = _Time()
    guessing = Guessing(time)
    for _ in range(FREE_OF_NAME):
        guessing.must_not_wait(Guessed.name("karla"))
        guessing.failed(Guessed.name("Karla"))
    with pytest.raises(TooManyGuessesError) as refused:
        guessing.must_not_wait(Guessed.name("KARLA"))
    assert (refused.value.status, refused.value.wait_seconds) == (429, 1)
    guessing.must_not_wait(Guessed.name("ada"))
    guessing.succeeded(Guessed.name("karla"))
    guessing.must_not_wait(Guessed.name("karla"))


def test_a_flood_of_names_does_not_fill_the_memory_and_is_slowed_down_by_its_address() -> None:
    guessing, host = Guessing(_Time()), Guessed.host("192.0.2.1")
    for number in range(REMEMBERED + 10):
        guessing.failed(Guessed.name(str(number)), host)
    with pytest.raises(TooManyGuessesError):
        guessing.must_not_wait(Guessed.name("new"), host)


def test_who_signs_in_does_not_wash_away_the_failures_of_the_same_address() -> None:
    time = _Time()
    guessing, host, own = Guessing(time), Guessed.host("192.0.2.1"), Guessed.name("mallory")
    for number in range(FREE_OF_HOST):
        guessing.failed(Guessed.name(f"victim {number}"), host)
    time.now += 60
    for _ in range(3):
        guessing.must_not_wait(own, host)
        guessing.failed(own, host)
        guessing.succeeded(own, host)
    guessing.failed(Guessed.name("victim"), host)
    with pytest.raises(TooManyGuessesError) as refused:
        guessing.must_not_wait(Guessed.name("another"), host)
    assert refused.value.wait_seconds == 2


@given(st.integers(0, 40), st.floats(0, 1e6))
def test_a_failure_that_was_none_leaves_everything_as_it_was(failures: int, last_at: float) -> None:
    before = Guesses(failures, last_at)
    after = before.after_failure(last_at + 1).without_last()
    assert (after.failures, after.last_at) == (before.failures, before.last_at)


def test_what_is_kept_and_said_of_a_session_opens_nothing_and_its_token_belongs_to_it() -> None:
    one, other = "secret-of-one", "secret-of-another"
    assert kept_as(one).hex() != session_id(one) != one
    assert is_csrf_token(csrf_token(one), one)
    for shown in ("", csrf_token(other), csrf_token(one)[:-1], "é"):
        assert not is_csrf_token(shown, one)
