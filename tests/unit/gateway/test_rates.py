"""How often a key may call."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.adapters.rates import REMEMBERED, Rates
from services.gateway.domain.rates import Rate, judge

RATE = Rate(per_second=20, burst=100)


class _Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_after_a_rest_a_whole_burst_is_let_through_and_then_one_call_each_twentieth_of_a_second() -> None:
    time = _Time()
    rates = Rates(RATE, time)
    assert [rates.wait_seconds("key") for _ in range(100)] == [0.0] * 100
    assert 0 < rates.wait_seconds("key") <= 1 / 20
    time.now += 1.0
    assert [rates.wait_seconds("key") > 0 for _ in range(21)] == [False] * 20 + [True]


def test_polling_every_two_seconds_is_fine_for_ever() -> None:
    time = _Time()
    rates = Rates(RATE, time)
    for _ in range(10_000):
        assert rates.wait_seconds("key") == 0
        time.now += 2


@given(st.lists(st.floats(min_value=0, max_value=10), max_size=300))
def test_never_more_than_the_burst_and_the_rate_and_who_waits_as_told_is_let_through(pauses: list[float]) -> None:
    began = now = whole_at = 1000.0
    let_through = 0
    for pause in pauses:
        now += pause
        verdict = judge(whole_at, now, RATE)
        whole_at = verdict.whole_at
        let_through += verdict.wait_seconds == 0
        later = now + verdict.wait_seconds + 1e-6
        assert judge(whole_at, later, RATE).wait_seconds == 0 or verdict.wait_seconds == 0
    assert let_through <= RATE.burst + (now - began) * RATE.per_second + 1


def test_one_key_does_not_slow_another_down() -> None:
    rates = Rates(Rate(per_second=1, burst=1), _Time())
    assert [rates.wait_seconds(key) for key in ("one", "two")] == [0.0, 0.0]
    assert rates.wait_seconds("one") > 0


def test_a_flood_of_keys_does_not_fill_the_memory() -> None:
    rates = Rates(Rate(per_second=1, burst=1), _Time())
    for number in range(REMEMBERED + 1):
        rates.wait_seconds(str(number))
    assert rates.wait_seconds("0") == 0
    assert rates.wait_seconds(str(REMEMBERED)) > 0
