"""A group is told at most once a second how far a consumer is, and of the newest place then."""

from services.platform.messaging.consuming import TELL_SECONDS, Untold


def test_the_first_place_is_told_at_once_and_later_ones_together() -> None:
    untold = Untold()
    assert untold.due({"a": 1}, now=5.0) == {"a": 1}
    assert untold.due({"a": 2}, now=5.1) == {}
    assert untold.due({"a": 3, "b": 1}, now=5.2) == {}
    assert untold.due({}, now=5.0 + TELL_SECONDS) == {"a": 3, "b": 1}


def test_what_was_told_is_not_told_again() -> None:
    untold = Untold()
    untold.due({"a": 1}, now=0.0)
    assert untold.due({}, now=10.0) == {}


def test_a_place_after_a_silence_is_told_at_once() -> None:
    untold = Untold()
    untold.due({"a": 1}, now=0.0)
    assert untold.due({"a": 2}, now=10.0) == {"a": 2}
