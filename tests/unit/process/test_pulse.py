"""An event loop that stood still is not relied on for a while, and says so; one that is merely late is."""

from services.platform.process.pulse import BEAT_SECONDS, Pulse
from services.platform.process.settings import HealthSettings


class Watch:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def beaten(*pauses: float) -> tuple[Pulse, Watch]:
    """A pulse whose beats came after these pauses."""
    watch = Watch()
    pulse = Pulse(HealthSettings(stall_seconds=5, settle_seconds=15), watch)
    for pause in pauses:
        watch.now += pause
        pulse.beat()
    return pulse, watch


def test_a_loop_that_comes_round_in_time_has_no_trouble() -> None:
    pulse, _ = beaten(BEAT_SECONDS, BEAT_SECONDS + 4.9, BEAT_SECONDS)
    assert pulse.trouble() is None


def test_a_loop_that_stood_still_says_for_how_long_until_it_has_settled() -> None:
    pulse, watch = beaten(BEAT_SECONDS, BEAT_SECONDS + 7.2)
    watch.now += 3
    pulse.beat()
    assert pulse.trouble() == "stood still for 7.2 s, until 3.0 s ago"
    watch.now += 12
    assert pulse.trouble() is None


def test_a_loop_that_stands_again_settles_anew() -> None:
    pulse, watch = beaten(BEAT_SECONDS + 6, BEAT_SECONDS, BEAT_SECONDS + 30)
    assert (pulse.trouble() or "").startswith("stood still for 30.0 s")
    watch.now += 14.9
    assert pulse.trouble() is not None


def test_how_long_it_is_silent_is_known_while_it_is() -> None:
    pulse, watch = beaten(BEAT_SECONDS)
    watch.now += 6
    assert pulse.silent_seconds() == 6
    assert pulse.trouble() is None
