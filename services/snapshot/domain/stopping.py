"""A wrong clock must not end a schedule for a year: how many nights may be missed at once before a person is asked.

Where PostgreSQL's clock tells of the same absence nobody is asked: the scheduler was down, however long.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from contracts.defaults import SCHEDULE_CAP_NIGHTS
from contracts.events.slots import ScheduleResumed, ScheduleStopped
from contracts.slot_times import SlotTime

CAP: Final = timedelta(days=SCHEDULE_CAP_NIGHTS)
CLOCKS_APART: Final = timedelta(hours=1)
"""What two clocks may differ by in what they tell of an absence."""


@dataclass(frozen=True)
class Stop:
    """The stop that stands, if one does, when that was, and until when a person has said that nights were missed."""

    stop_id: UUID | None = None
    stopped_at: datetime | None = None
    approved_until: datetime | None = None


def is_too_late(waiting: SlotTime, stop: Stop, now: datetime) -> bool:
    """Whether more nights than the cap are overdue that nobody has approved."""
    return now - max(waiting.due_at, stop.approved_until or waiting.due_at) > CAP


def stopped(environment_id: UUID, waiting: SlotTime, *, now: datetime) -> ScheduleStopped:
    """It stops now."""
    return ScheduleStopped(
        stop_id=uuid5(environment_id, f"stopped {now.isoformat()}"),
        environment_id=environment_id,
        stopped_at=now,
        waiting_since=waiting.due_at,
        overdue_count=(now - waiting.due_at).days + 1,
        cap_count=SCHEDULE_CAP_NIGHTS,
    )


def resumed(environment_id: UUID, stop: Stop, *, now: datetime) -> ScheduleResumed | None:
    """What is said of one that goes on by itself; None where a person said so, or where it had not stopped."""
    if stop.stop_id is None or stop.stopped_at == stop.approved_until:
        return None
    return ScheduleResumed(stop_id=stop.stop_id, environment_id=environment_id, resumed_at=now)
