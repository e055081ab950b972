"""What became of the expected nightly runs (said by the snapshot service; spec: retention §1)."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.states import SlotState
from contracts.values import Value


class SlotPlanned(Event):
    """A nightly run is expected at `due_at`; `slot_date` was computed with `calendar_offset` and stays.

    Said again with another `due_at` when the environment's schedule changed before it fired.
    """

    environment_id: UUID
    slot_date: date
    calendar_offset: str
    due_at: AwareDatetime


class ScheduleStopped(Event):
    """More nights would be missed at once than an absence explains: perhaps the clock is wrong, so a person is asked.

    The oldest of the `overdue_count` was due at `waiting_since`. Until it goes on, no night is planned, missed or run.
    """

    stop_id: UUID
    environment_id: UUID
    stopped_at: AwareDatetime
    waiting_since: AwareDatetime
    overdue_count: int
    cap_count: int


class ScheduleResumed(Event):
    """A schedule that had stopped asks nobody any more: by the present clock few enough nights are overdue."""

    stop_id: UUID
    environment_id: UUID
    resumed_at: AwareDatetime


class ScheduleApproved(Event):
    """A person wants a stopped schedule to go on (said by the catalog): the clock is right, the nights were missed."""

    stop_id: UUID
    environment_id: UUID
    approved_by: str


class SlotTry(Value):
    """One try: the backup that it asked for, and why it gave none (None: it did)."""

    number: int
    backup_id: UUID
    asked_at: AwareDatetime
    reason: str | None = None


class SlotEnded(Event):
    """An expected nightly run ended as `state`; `late`: accepted well after its time. `reason` is for people."""

    environment_id: UUID
    slot_date: date
    due_at: AwareDatetime
    ended_at: AwareDatetime
    state: SlotState
    reason: str
    late: bool
    backup_id: UUID | None
    tries: tuple[SlotTry, ...]
