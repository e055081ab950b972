"""Whatever becomes of an environment's schedule, a scheduler that is up loses no night (spec: retention §1)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.events.slots import SlotEnded
from contracts.slot_times import Nights
from contracts.values import CloudVersion, Region, Schedule, UtcSchedule, WallClockSchedule
from services.snapshot.domain.planning import Look, look

ENVIRONMENT = UUID(int=7)
BEGINS = datetime(2026, 2, 20, 12, tzinfo=UTC)
TIMES = st.times().map(lambda time: time.isoformat("minutes"))
ZONES = st.sampled_from(
    ("Asia/Kolkata", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "America/Nuuk", "Europe/Berlin", "Pacific/Apia")
)
SCHEDULES = st.one_of(st.none(), st.builds(UtcSchedule, at=TIMES), st.builds(WallClockSchedule, at=TIMES, zone=ZONES))
CHANGES = st.lists(st.tuples(st.timedeltas(timedelta(0), timedelta(days=4)), SCHEDULES), min_size=1, max_size=12)
"""How long after the one before, and to what."""


def looks(changes: list[tuple[timedelta, Schedule | None]], places: tuple[Region, CloudVersion]) -> Iterator[Look]:
    """Those of a scheduler that is always up: at every change, and whenever a slot is due."""
    now, waiting = BEGINS, None
    nights = Nights(*places)
    for after, schedule in (*changes, (timedelta(days=4), None)):
        changed_at = now + after
        while True:
            one = look(ENVIRONMENT, nights, waiting, since=BEGINS, now=now)
            yield one
            waiting = one.planned
            assert waiting is not None
            assert waiting.due_at > now
            if waiting.due_at > changed_at:
                break
            now = waiting.due_at
        now, nights = changed_at, Nights(*places, schedule)


@given(CHANGES, st.sampled_from([(Region.EUROPE, CloudVersion.V4), (Region.US_EAST, CloudVersion.V4)]))
@settings(deadline=None, max_examples=300)
def test_a_scheduler_that_is_up_misses_no_night_and_each_date_has_one_whatever_schedules_are_set_whenever(
    changes: list[tuple[timedelta, Schedule | None]], place: tuple[Region, CloudVersion]
) -> None:
    seen = list(looks(changes, place))
    assert not [body for one in seen for bodies in one.said.values() for body in bodies if isinstance(body, SlotEnded)]
    fired = [one.fires for one in seen if one.fires]
    days = [slot.slot_date for slot in fired]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))] if days else True
    assert all(slot.due_at < slot.not_after for slot in fired)
