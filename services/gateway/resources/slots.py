"""Expected nightly runs as the HTTP API shows them."""

from datetime import date, datetime
from uuid import UUID

from contracts.events.slots import SlotTry
from contracts.states import SlotState
from services.gateway.resources.shapes import Resource


class Slot(Resource):
    """One expected nightly run and how it ended. `slot_date` is the date that it counts for, in `calendar_offset`.

    `due_local` is `due_at` as the environment's local clock shows it, like `2026-07-01 21:00 CEST`: to show, no more.
    """

    environment_id: UUID
    slot_date: date
    calendar_offset: str
    due_at: datetime
    due_local: str
    state: SlotState
    ended_at: datetime | None = None
    reason: str = ""
    late: bool = False
    backup_id: UUID | None = None
    tries: tuple[SlotTry, ...] = ()


class SlotPage(Resource):
    """Expected nightly runs, newest first; the planned one is the first."""

    slots: list[Slot]
    next: str | None = None
