"""A service that holds more and more is found by a soak, if that is long enough to tell."""

from tests.soak.memory import LEAST_SECONDS, LOOKS_SECONDS, Memory


def held(seconds: float, grows_by: float) -> Memory:
    """A hundred megabytes at the beginning, so many times that at the end, in a line; beside one that stays."""
    memory, looks = Memory(), int(seconds / LOOKS_SECONDS) + 1
    for look in range(looks):
        memory.note("catalog", look * LOOKS_SECONDS, int(100_000_000 * (1 + (grows_by - 1) * look / looks)))
        memory.note("gateway", look * LOOKS_SECONDS, 100_000_000 * (2 if look == looks - 1 else 1))
    return memory


def test_who_grows_is_found_and_who_held_much_for_a_moment_is_not() -> None:
    found = list(held(LEAST_SECONDS, 1.5).findings())
    assert [one.rule for one in found] == ["memory grows"]
    assert found[0].what.startswith("catalog: ")


def test_who_stays_or_grows_a_little_is_not_found() -> None:
    assert list(held(LEAST_SECONDS, 1.0).findings()) == []
    assert list(held(LEAST_SECONDS, 1.1).findings()) == []


def test_a_soak_that_is_short_tells_nothing() -> None:
    assert list(held(LEAST_SECONDS / 2, 3.0).findings()) == []
