"""An expected nightly run as a reader sees it."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from contracts.envelope import Event
from contracts.events.slots import SlotEnded, SlotPlanned, SlotTry
from contracts.states import SLOT, SlotState, move
from services.catalog.domain.state.aggregate import changed


class SlotView(BaseModel):
    """`late` and `tries` are attributes of how it ended; `reason` is one sentence for a person."""

    environment_id: UUID
    slot_date: date
    calendar_offset: str
    due_at: AwareDatetime
    state: SlotState = SlotState.PLANNED
    ended_at: AwareDatetime | None = None
    reason: str = ""
    late: bool = False
    backup_id: UUID | None = None
    tries: tuple[SlotTry, ...] = ()


_ENDED = ("due_at", "ended_at", "reason", "late", "backup_id", "tries")


def view(before: SlotView | None, event: Event) -> SlotView | None:
    """The slot after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    match event:
        case SlotPlanned():
            return SlotView(**vars(event))
        case SlotEnded() if before is not None:
            told = {name: getattr(event, name) for name in _ENDED}
            return changed(before, state=move(SLOT, before.state, event.state), **told)
        case _:
            return before
