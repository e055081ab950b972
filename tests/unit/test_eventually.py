"""How soon a waiting test looks again, and that it does when something changed while it looked."""

from hypothesis import given
from hypothesis.strategies import floats

from tests.support.eventually import (
    FIRST_PAUSE_SECONDS,
    LATE_BY,
    LONGEST_PAUSE_SECONDS,
    pause_seconds,
    undisturbed,
)


async def test_what_changed_while_it_was_looked_at_is_looked_at_again() -> None:
    log = ["planned"]
    late = iter(["skipped"])

    async def look() -> tuple[int, str]:
        told = len(log)
        log.extend(late)  # between the look at the log and the look at the rows; only the first time
        return told, log[-1]

    async def appended() -> int:
        return len(log)

    assert await undisturbed(look, appended) == (2, "skipped")


@given(floats(0, 10_000))
def test_a_pause_is_a_small_share_of_the_wait_between_its_bounds(waited: float) -> None:
    pause = pause_seconds(waited)
    assert FIRST_PAUSE_SECONDS <= pause <= LONGEST_PAUSE_SECONDS
    assert pause <= max(LATE_BY * waited, FIRST_PAUSE_SECONDS)
