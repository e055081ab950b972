"""The walk leaves no seam out: a name that nobody walks is one of which nobody knows what comes after it."""

from tests.soak.itinerary import stops, work_of
from tests.support.seam_names import points, steps


def test_every_point_has_a_stop() -> None:
    assert set(points()) == {stop.point for stop in stops()}


def test_every_step_of_every_job_is_walked_in_its_own_work() -> None:
    assert [step for step in steps() if work_of(step) is None] == []
