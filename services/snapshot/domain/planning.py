"""Which expected nights an environment has by now: planned, missed, due (spec: retention §1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.envelope import Event
from contracts.events.slots import ScheduleResumed, ScheduleStopped, SlotEnded, SlotPlanned
from contracts.slot_times import Nights, SlotTime
from contracts.states import SlotState
from services.snapshot.domain.open_slot import OpenSlot, never_ran
from services.snapshot.domain.stopping import Stop, is_too_late, resumed, stopped

MOST_AT_ONCE: Final = 100
"""Nights that one look deals with; after a longer absence the next look goes on."""
MISSED: Final = "the scheduler did not run at its time, and a newer slot is due by now"
REMOVED: Final = "the environment was removed"
ROOM: Final = timedelta(hours=1)
"""What a slot has at least before the next one is due: behind that nobody decides on it any more."""


@dataclass(frozen=True)
class Look:
    """What a look at an environment leads to: `said` by slot date, the slot that fires, the slot that waits now.

    `is_stopped`: it waits for a person, or for another clock. `schedule` is what is said of its stop.
    """

    said: Mapping[date, tuple[Event, ...]] = field(default_factory=dict)
    fires: OpenSlot | None = None
    planned: SlotTime | None = None
    is_stopped: bool = False
    schedule: ScheduleStopped | ScheduleResumed | None = None


def look_or_stop(  # noqa: PLR0913 -- what is known of the environment, and when it is looked at
    environment_id: UUID,
    nights: Nights,
    planned: SlotTime | None,
    stop: Stop,
    *,
    since: datetime,
    now: datetime,
    clocks_agree: bool,
) -> Look:
    """See `look`; where too many nights are overdue by one clock alone, a person is asked first."""
    if planned is not None and not clocks_agree and is_too_late(planned, stop, now):
        news = None if stop.stop_id else stopped(environment_id, planned, now=now)
        return Look(planned=planned, is_stopped=True, schedule=news)
    found = look(environment_id, nights, planned, since=since, now=now)
    return replace(found, schedule=resumed(environment_id, stop, now=now))


def look(environment_id: UUID, nights: Nights, planned: SlotTime | None, *, since: datetime, now: datetime) -> Look:
    """The look at `now`: `planned` is the slot that waited; when none did, the first behind `since` is expected.

    Of several overdue slots only the newest runs.
    """
    upcoming = nights.next_after(since) if planned is None else _moved(nights, planned, now)
    said: dict[date, tuple[Event, ...]] = {upcoming.slot_date: ()}
    if upcoming != planned:
        said[upcoming.slot_date] = (_planned(environment_id, upcoming),)
    overdue: list[SlotTime] = []
    while upcoming.due_at <= now and len(overdue) < MOST_AT_ONCE:
        overdue.append(upcoming)
        upcoming = _following(nights, upcoming)
        said[upcoming.slot_date] = (_planned(environment_id, upcoming),)
    newest = overdue.pop() if overdue and upcoming.due_at > now else None
    for slot in overdue:
        said[slot.slot_date] += (_never(environment_id, slot, SlotState.MISSED, now),)
    said = {day: bodies for day, bodies in said.items() if bodies}
    return Look(said, OpenSlot.fired(environment_id, newest, upcoming) if newest else None, upcoming)


def last_look(environment_id: UUID, planned: SlotTime | None, *, now: datetime) -> Look:
    """The look at an environment that was removed: what was planned does not run, and nothing more is."""
    if planned is None:
        return Look()
    return Look({planned.slot_date: (_never(environment_id, planned, SlotState.SKIPPED, now),)})


def _moved(nights: Nights, planned: SlotTime, now: datetime) -> SlotTime:
    """The slot of the same date by the present schedule.

    Where that time has passed already, the date keeps the time that it was planned for, so that nobody gets a backup in
    the middle of the day; where the next date's time leaves no room for that, it is due at once: no date is lost.
    """
    by_present = nights.on(planned.slot_date)
    if by_present is not None and by_present.due_at > now:
        return by_present
    following = next(nights.after(planned.slot_date))
    if planned.due_at <= now or planned.due_at + ROOM <= following.due_at:
        return planned
    return replace(planned, due_at=now)


def _following(nights: Nights, slot: SlotTime) -> SlotTime:
    """The next date's slot; dates whose times are not behind `slot` share the time until the first that is.

    There are such dates behind a slot that was planned by another schedule: in another zone it may be tomorrow already.
    """
    dates = nights.after(slot.slot_date)
    first = later = next(dates)
    shares = 1
    while later.due_at <= slot.due_at:
        later = next(dates)
        shares += 1
    return replace(first, due_at=slot.due_at + (later.due_at - slot.due_at) / shares)


def _planned(environment_id: UUID, slot: SlotTime) -> SlotPlanned:
    return SlotPlanned(
        environment_id=environment_id,
        slot_date=slot.slot_date,
        calendar_offset=slot.calendar_offset,
        due_at=slot.due_at,
    )


def _never(environment_id: UUID, slot: SlotTime, state: SlotState, now: datetime) -> SlotEnded:
    reason = MISSED if state is SlotState.MISSED else REMOVED
    return never_ran(environment_id, slot, state, reason, now=now)
